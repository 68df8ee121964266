import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { LearnedPeers } from '../kernel/learned-peers.js';
import { BpfMap } from '../kernel/native.js';
import { nameAddresses } from '../policy/fqdn.js';
import { NameIndex } from '../policy/name-classes.js';
import type { Learned } from '../proxy/dns/answer.js';
import { NameKeeper, type Binding } from '../proxy/dns/name-keeper.js';
import type { NamesSpec } from '../state/state.js';

const NOBODY: NamesSpec = { selectors: [], prefixes: [], classes: {} };
/** Milliseconds between looks whether a plan has made the maps anew. */
const LOOK_EVERY = 2000;

/** Who is behind names: remembered, and written to the maps that the datapath looks into. */
export class Names {
  readonly #path: string;
  readonly #keeper: NameKeeper;
  readonly #timer: NodeJS.Timeout;
  #spec = NOBODY;
  #index = new NameIndex(NOBODY.classes);
  #open: { readonly id: string; readonly maps: BpfMap[]; readonly peers: LearnedPeers } | undefined;
  #isAnew = true;

  /** @param maps directory of the pinned maps */
  constructor(
    runDir: string,
    private readonly maps: string,
  ) {
    this.#path = join(runDir, 'names.json');
    this.#keeper = new NameKeeper({
      path: this.#path,
      write: (bindings) => this.#write(bindings),
      onError: (error) => {
        process.stderr.write(`names: ${error instanceof Error ? error.message : String(error)}\n`);
      },
    });
    this.#timer = setInterval(() => {
      if (this.#open !== undefined && this.#mapsId() !== this.#open.id) {
        this.#keeper.refresh().catch(() => undefined);
      }
    }, LOOK_EVERY).unref();
  }

  async start(): Promise<void> {
    await this.#keeper.start();
  }

  learned(learned: Learned): Promise<void> {
    return this.#keeper.learned(learned);
  }

  /** From now on by this policy. */
  async follow(spec: NamesSpec = NOBODY): Promise<void> {
    this.#spec = spec;
    this.#index = new NameIndex(spec.classes);
    this.#isAnew = true;
    await this.#keeper.refresh();
  }

  /** Takes back what is in the maps, and forgets. */
  async end(): Promise<void> {
    await this.follow().catch(() => undefined);
    await this.close();
    rmSync(this.#path, { force: true });
  }

  /** What is in the maps stays there, and the file says it to the next one. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#keeper.close();
    for (const map of this.#open?.maps ?? []) map.close();
  }

  async #write(bindings: readonly Binding[]): Promise<void> {
    const { selectors, prefixes } = this.#spec;
    const { rows, identities } = nameAddresses(selectors, bindings, prefixes);
    const classes = new Map(
      identities.flatMap(({ id, labels }) => {
        const found = this.#index.classOf(labels);
        return found === undefined ? [] : [[id, found] as const];
      }),
    );
    const known = rows.filter(({ identity }) => classes.has(identity));
    const peers = new Map(known.map(({ address, identity }) => [address, identity]));
    const anew = this.#isAnew;
    this.#isAnew = false;
    await this.#peers().write({ peers, classes }, { anew });
  }

  #peers(): LearnedPeers {
    const id = this.#mapsId();
    if (this.#open?.id === id) return this.#open.peers;
    for (const map of this.#open?.maps ?? []) map.close();
    const [ipcache, classes] = [this.#map('plumb_ipcache'), this.#map('plumb_classes')];
    const peers = new LearnedPeers({ ipcache, classes });
    this.#open = { id, maps: [ipcache, classes], peers };
    return peers;
  }

  #mapsId(): string {
    const ids = ['plumb_ipcache', 'plumb_classes'].map((name) => {
      const map = this.#map(name);
      try {
        return map.info().id;
      } finally {
        map.close();
      }
    });
    return ids.join(' ');
  }

  #map(name: string): BpfMap {
    return BpfMap.openPinned(join(this.maps, name));
  }
}
