import { encodeRows, rowsOf } from '../state/columns.js';
import { decodeValue, encodeKey, encodeValue, type Row } from '../state/codec.js';
import { PEER_DYNAMIC } from '../state/layout.js';
import { failedWith } from './errno.js';
import { learnedRows } from './learned-rows.js';
import type { BpfMap } from './native.js';

/** What the kernel is to know of addresses that the DNS gave. */
export interface Learned {
  /** Address to identity. */
  readonly peers: ReadonlyMap<string, number>;
  /** Identity to class: of every identity of a peer. */
  readonly classes: ReadonlyMap<number, number>;
}

export interface LearnedMaps {
  readonly ipcache: BpfMap;
  readonly classes: BpfMap;
}

const NO_EXIST = 1;
const EXIST = 2;

/**
 * Rows of plumb_ipcache and plumb_classes that were learned from the DNS, in a kernel where plans write
 * the others. A plan's row for an address stays as it is: what the DNS says of it does not count.
 */
export class LearnedPeers {
  #turn: Promise<unknown> = Promise.resolve();
  #isRead = false;
  #peers = new Map<string, number>();
  #classes = new Map<number, number>();

  constructor(private readonly maps: LearnedMaps) {}

  /**
   * Makes the rows be these; who is new has a class before an address. Calls take turns.
   * @param o.anew whether others may have written since the last time, as a plan does; default: false
   * @throws BpfError when a map is full; what was written before stays
   */
  write(wanted: Learned, { anew = false } = {}): Promise<void> {
    const turn = this.#turn.then(async () => {
      if (anew || !this.#isRead) await this.#read();
      await this.#reconcile(wanted);
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #read(): Promise<void> {
    const [peers, classes] = await Promise.all([
      learnedIn('plumb_ipcache', this.maps.ipcache),
      learnedIn('plumb_classes', this.maps.classes),
    ]);
    this.#peers = new Map(
      peers.map(({ key, value }) => [String(key['address']), Number(value['identity'])]),
    );
    this.#classes = new Map(
      classes.map(({ key, value }) => [Number(key['identity']), Number(value['class'])]),
    );
    this.#isRead = true;
  }

  async #reconcile({ peers, classes }: Learned): Promise<void> {
    const moved = [...classes].filter(([identity, id]) => this.#classes.get(identity) !== id);
    const rows = encodeRows('plumb_classes', moved.map(classRow));
    if (rows.count > 0) await this.maps.classes.updateBatch(rows.keys, rows.values, rows.count);
    for (const [identity, id] of moved) this.#classes.set(identity, id);
    for (const [address, identity] of peers) this.#put(address, identity);
    for (const address of [...this.#peers.keys()]) if (!peers.has(address)) this.#remove(address);
    const left = [...this.#classes].filter(([identity]) => !classes.has(identity));
    const gone = encodeRows('plumb_classes', left.map(classRow));
    if (gone.count > 0) await this.maps.classes.deleteBatch(gone.keys, gone.count);
    for (const [identity] of left) this.#classes.delete(identity);
  }

  #put(address: string, identity: number): void {
    const known = this.#peers.get(address);
    if (known === identity) return;
    const key = encodeKey('plumb_ipcache', { address });
    const value = encodeValue('plumb_ipcache', { identity, flags: PEER_DYNAMIC });
    if (known !== undefined && !this.#isLearned(key)) {
      this.#peers.delete(address);
      return;
    }
    try {
      this.maps.ipcache.update(key, value, known === undefined ? NO_EXIST : EXIST);
      this.#peers.set(address, identity);
    } catch (error) {
      // a plan's row is there
      if (!failedWith(error, 'EEXIST') && !failedWith(error, 'ENOENT')) throw error;
      this.#peers.delete(address);
    }
  }

  #remove(address: string): void {
    const key = encodeKey('plumb_ipcache', { address });
    if (this.#isLearned(key)) this.maps.ipcache.delete(key);
    this.#peers.delete(address);
  }

  #isLearned(key: Uint8Array): boolean {
    const value = this.maps.ipcache.lookup(key);
    if (value === undefined) return false;
    return (Number(decodeValue('plumb_ipcache', value)['flags']) & PEER_DYNAMIC) !== 0;
  }
}

async function learnedIn(name: 'plumb_ipcache' | 'plumb_classes', map: BpfMap): Promise<Row[]> {
  return rowsOf(name, learnedRows(name, await map.dump()));
}

function classRow([identity, id]: readonly [number, number]): Row {
  return { key: { identity }, value: { class: id } };
}
