import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { netnsPath } from '../kernel/instance.js';
import { closeConnections } from '../proxy/connections.js';
import { proxyDirectory, type SupervisorOptions } from '../proxy/control.js';
import { parseAccessLine } from '../proxy/haproxy/access.js';
import { haproxyConfig } from '../proxy/haproxy/config.js';
import { haproxyListeners, isHaproxys } from '../proxy/haproxy/listeners.js';
import { socketVariable } from '../proxy/haproxy/threads.js';
import { recordOfAccess } from '../proxy/record.js';
import { proxy } from '../state/kinds/proxy.js';
import { PROXY_VERSION } from '../state/proxy-names.js';
import type { Attributes, ListenerSpec } from '../state/state.js';
import { complain } from './complain.js';
import { DNS } from './dns.js';
import { Haproxy } from './haproxy.js';
import { Names } from './names.js';
import { OwnCgroup } from './own-cgroup.js';
import { Plugins } from './plugins.js';
import { Records } from './records.js';
import { endStrays } from './strays.js';
import { Sockets } from './sockets.js';

type Wanted = Attributes['proxy'];

const NOTHING: Wanted = {
  version: PROXY_VERSION,
  mode: 'socket',
  listeners: [],
  running: false,
};
/** Milliseconds between tries to start what died; doubled up to the longest. */
const FIRST_WAIT = 50;
const LONGEST_WAIT = 1000;

/** What there is of a mode in a namespace. */
interface Place {
  readonly sockets: Sockets;
  readonly dns: DNS;
  readonly plugins: Plugins;
}

/** Runs the proxies of a node, and starts again what dies. */
export class Supervisor {
  readonly records = new Records();
  #wanted = NOTHING;
  #place: Place | undefined;
  #haproxy: Haproxy | undefined;
  #names: Names | undefined;
  /** Those that only finish what they have. */
  readonly #retired = new Set<Haproxy>();
  readonly #cgroup = new OwnCgroup();
  /** What is asked for is done one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #isStopping = false;

  constructor(private readonly options: SupervisorOptions) {}

  state(): Wanted {
    const needed = this.#wanted.listeners.some(isHaproxys);
    return {
      ...this.#wanted,
      version: PROXY_VERSION,
      running: !needed || this.#haproxy?.isRunning === true,
    };
  }

  /** Runs that instead of what runs now; on a failure what runs now goes on. */
  run(wanted: Wanted): Promise<void> {
    return this.#next(() => this.#run(proxy.normalize(wanted)));
  }

  /** Ends everything, with all connections; `forGood`: and forgets the names that it knows. */
  stop(forGood: boolean): Promise<void> {
    this.#isStopping = true;
    return this.#next(async () => {
      await this.#end(this.#wanted, this.#haproxy);
      this.#haproxy = undefined;
      this.#wanted = NOTHING;
      this.#place?.dns.close();
      this.#place?.plugins.close();
      this.#place?.sockets.close();
      await this.#place?.sockets.publish().catch(() => undefined);
      await this.#cgroup.enter(undefined);
      await (forGood ? this.#names?.end() : this.#names?.close());
      rmSync(proxyDirectory(this.options.runDir), { recursive: true, force: true });
    });
  }

  /** Every request from now on, as a line of JSON. Returns how to leave. */
  async follow(follower: (line: string) => void): Promise<() => Promise<void>> {
    const leave = this.records.follow(follower);
    await this.#tellFollowed();
    return async () => {
      leave();
      await this.#tellFollowed();
    };
  }

  async #tellFollowed(): Promise<void> {
    const all = [...this.#retired, ...(this.#haproxy ? [this.#haproxy] : [])];
    const { isFollowed } = this.records;
    await Promise.all(all.filter((one) => one.isThere).map((one) => one.follow(isFollowed)));
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #run(wanted: Wanted): Promise<void> {
    const before = this.#wanted;
    const former = this.#haproxy;
    const place = this.#place;
    const isMoving = place === undefined || !isSamePlace(before, wanted);
    const next = isMoving ? this.#placeFor(wanted) : place;
    const { sockets } = next;
    await this.#cgroup.enter(wanted.cgroup);
    const opened = await sockets.open(wanted.listeners);
    try {
      if (isMoving || !isSameForHaproxy(before, wanted) || !this.state().running) {
        this.#haproxy = await this.#startHaproxy(wanted, sockets);
      }
    } catch (error) {
      sockets.close(opened);
      throw error;
    }
    this.#wanted = wanted;
    this.#place = next;
    if (isMoving) await this.#leave(before, place, former);
    const ids = new Set(wanted.listeners.map(({ id }) => id));
    const gone = before.listeners.filter(({ id }) => isMoving || !ids.has(id));
    await this.#followNames(wanted);
    next.dns.run(wanted, sockets, opened);
    next.plugins.run(wanted, sockets, opened);
    if (!isMoving) sockets.close(gone.map(({ id }) => id));
    await sockets.publish();
    // Of a supervisor that died: their sockets lead nowhere any more.
    endStrays(proxyDirectory(this.options.runDir));
    if (former?.isRunning === true && former !== this.#haproxy) {
      this.#retired.add(former);
      former.retire();
    }
    // Their rules hold no more: who has such a connection opens another, and is judged anew.
    if (!isMoving) await this.#reset(before, gone);
  }

  #placeFor(wanted: Wanted): Place {
    const netns = this.#pathOf(wanted);
    const { mode } = wanted;
    return {
      sockets: new Sockets(mode, netns, this.options.maps),
      plugins: new Plugins({ netns, mode, records: this.records }),
      dns: new DNS({
        netns,
        mode,
        maps: this.options.maps,
        records: this.records,
        onLearned: async (learned) => await this.#names?.learned(learned),
      }),
    };
  }

  /** Nothing is led to a place that was left: what is open there ends. */
  async #leave(
    from: Wanted,
    place: Place | undefined,
    haproxy: Haproxy | undefined,
  ): Promise<void> {
    await this.#end(from, haproxy);
    place?.dns.close();
    place?.plugins.close();
    place?.sockets.close();
  }

  /** Resets first: where a process ends, a client may take half an answer for a whole one. */
  async #end(from: Wanted, haproxy: Haproxy | undefined): Promise<void> {
    // Where its namespace is gone, so are they.
    await this.#reset(from, from.listeners).catch(complain);
    await Promise.all([...this.#retired, ...(haproxy ? [haproxy] : [])].map((one) => one.kill()));
  }

  async #reset(from: Wanted, listeners: readonly ListenerSpec[]): Promise<void> {
    await closeConnections(
      this.#pathOf(from),
      listeners.map(({ id }) => id),
    );
  }

  #pathOf({ netns }: Wanted): string | undefined {
    return netns === undefined ? this.options.netns : netnsPath(netns);
  }

  async #followNames({ names }: Wanted): Promise<void> {
    if (this.#names === undefined) {
      this.#names = new Names(this.options.runDir, this.options.maps);
      await this.#names.start();
    }
    await this.#names.follow(names);
  }

  async #startHaproxy(wanted: Wanted, sockets: Sockets): Promise<Haproxy | undefined> {
    const listeners = haproxyListeners(wanted.listeners);
    if (listeners.length === 0) return undefined;
    const run = {
      config: haproxyConfig(listeners, wanted.mode),
      sockets: new Map(
        listeners.flatMap(({ id }) =>
          sockets.ofThreads(id).map((fd, thread) => [socketVariable(id, thread), fd] as const),
        ),
      ),
    };
    const netns = this.#pathOf(wanted);
    const { isFollowed } = this.records;
    const started = await Haproxy.start(run, {
      isFollowed,
      mode: wanted.mode,
      directory: proxyDirectory(this.options.runDir),
      ...(netns === undefined ? {} : { netns }),
      onLine: (line) => {
        const access = this.records.isFollowed ? parseAccessLine(line) : undefined;
        if (access !== undefined) this.records.add(recordOfAccess(access));
      },
      onEnd: (isDeath) => {
        for (const one of this.#retired) if (!one.isThere) this.#retired.delete(one);
        if (isDeath) void this.#revive();
      },
    });
    // Who came or left meanwhile could not tell it.
    if (isFollowed !== this.records.isFollowed) await started.follow(this.records.isFollowed);
    return started;
  }

  /** Until there is one again, connections wait in the sockets that are held here. */
  async #revive(): Promise<void> {
    for (let wait = FIRST_WAIT; !this.#isStopping; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      await sleep(wait);
      const isThere = await this.#next(async () => {
        if (this.#isStopping || this.state().running || this.#place === undefined) return true;
        try {
          this.#haproxy = await this.#startHaproxy(this.#wanted, this.#place.sockets);
          return true;
        } catch (error) {
          complain(error);
          return false;
        }
      });
      if (isThere) return;
    }
  }
}

function isSamePlace(a: Wanted, b: Wanted): boolean {
  return a.mode === b.mode && a.netns === b.netns;
}

function isSameForHaproxy(a: Wanted, b: Wanted): boolean {
  return (
    JSON.stringify(a.listeners.filter(isHaproxys)) ===
    JSON.stringify(b.listeners.filter(isHaproxys))
  );
}
