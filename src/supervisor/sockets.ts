import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { BpfMap, transparentSocket } from '../kernel/native.js';
import { isHaproxys } from '../proxy/haproxy/listeners.js';
import { threadsWithSockets } from '../proxy/haproxy/threads.js';
import { LISTENER_SECOND, LISTENER_UDP } from '../state/layout.js';
import { proxyWays, type RedirectMode } from '../state/proxy-names.js';
import type { ListenerSpec } from '../state/state.js';

/** File descriptors of a listener's sockets; of UDP only where its protocol has it. */
export interface ListenerSockets {
  readonly tcp: number;
  /** That of HAProxy's second thread, where each has its own. */
  readonly second?: number;
  readonly udp?: number;
}

/**
 * The listening sockets of all listeners. They are held here, so that a proxy that dies leaves
 * connections waiting for the next one, not refused. What they accept has the listener's id as its mark.
 */
export class Sockets {
  readonly #open = new Map<number, ListenerSockets>();
  /** Of others by now, who close them. */
  readonly #given = new Set<number>();

  /** @param netns path of the namespace that they are in; absent: that of this process */
  constructor(
    private readonly mode: RedirectMode,
    private readonly netns: string | undefined,
    private readonly maps: string,
  ) {}

  of(id: number): ListenerSockets {
    const found = this.#open.get(id);
    if (found === undefined) throw new RangeError(`no sockets for listener ${String(id)}`);
    return found;
  }

  /** Those of TCP, by thread; see `threadsWithSockets`. */
  ofThreads(id: number): number[] {
    const { tcp, second } = this.of(id);
    return second === undefined ? [tcp] : [tcp, second];
  }

  /** From now on somebody else closes them. */
  give(id: number): ListenerSockets {
    this.#given.add(id);
    return this.of(id);
  }

  /** Opens what is missing; nothing is led there yet. Returns the ids that were opened. */
  async open(listeners: readonly ListenerSpec[]): Promise<number[]> {
    const opened: number[] = [];
    const ways = proxyWays(this.mode);
    const place = this.netns === undefined ? {} : { netns: this.netns };
    for (const { id, protocol, direction, port } of listeners) {
      if (this.#open.has(id)) continue;
      // Answers leave by the way that the questions came by.
      const where = {
        ...place,
        ...(port === undefined ? {} : { port }),
        device: ways[direction].inside,
        mark: id,
      };
      const isThreaded = isHaproxys({ protocol }) && threadsWithSockets(this.mode) > 1;
      const made: number[] = [];
      const add = async (type: 'tcp' | 'udp'): Promise<number> => {
        const fd = await transparentSocket({ ...where, type });
        made.push(fd);
        return fd;
      };
      try {
        this.#open.set(id, {
          tcp: await add('tcp'),
          ...(isThreaded ? { second: await add('tcp') } : {}),
          ...(protocol === 'dns' ? { udp: await add('udp') } : {}),
        });
      } catch (error) {
        for (const fd of made) closeSync(fd);
        throw error;
      }
      opened.push(id);
    }
    return opened;
  }

  /** Leads packets to the sockets of all listeners; what led elsewhere does not any more. */
  async publish(): Promise<void> {
    const map = BpfMap.openPinned(join(this.maps, 'plumb_listeners'));
    try {
      const wanted = new Map<number, number>();
      for (const [id, { tcp, second, udp }] of this.#open) {
        wanted.set(id, tcp);
        if (second !== undefined) wanted.set(id + LISTENER_SECOND, second);
        if (udp !== undefined) wanted.set(id + LISTENER_UDP, udp);
      }
      for (const [key, fd] of wanted) map.update(u32(key), u64(fd));
      const { count, keys } = await map.dump();
      const view = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
      for (let i = 0; i < count; i++) {
        const key = view.getUint32(i * 4, true);
        if (!wanted.has(key)) map.delete(u32(key));
      }
    } finally {
      map.close();
    }
  }

  close(ids: Iterable<number> = [...this.#open.keys()]): void {
    for (const id of ids) {
      const sockets = this.#open.get(id);
      this.#open.delete(id);
      if (this.#given.delete(id) || sockets === undefined) continue;
      const { tcp, second, udp } = sockets;
      for (const fd of [tcp, second, udp]) if (fd !== undefined) closeSync(fd);
    }
  }
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}
