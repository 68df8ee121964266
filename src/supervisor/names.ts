import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../kernel/epoch.js';
import { LearnedPeers } from '../kernel/learned-peers.js';
import { BpfMap } from '../kernel/native.js';
import { openFlows } from '../kernel/open-flows.js';
import { matchesFQDN } from '../model/fqdn.js';
import { nameAddresses } from '../policy/fqdn.js';
import { NameIndex } from '../policy/name-classes.js';
import { remember } from '../policy/remember.js';
import type { Learned } from '../proxy/dns/answer.js';
import { NameKeeper, type Binding } from '../proxy/dns/name-keeper.js';
import type { NamesSpec } from '../state/state.js';

const NOBODY: NamesSpec = { selectors: [], prefixes: [], classes: {} };
/** Of which it is remembered whether a rule is about them. */
const MOST_NAMES = 50_000;
/** Milliseconds between looks whether a plan was applied, which may have made the maps anew. */
const LOOK_EVERY = 2000;

/** Who is behind names: remembered, and written to the maps that the datapath looks into. */
export class Names {
  readonly #path: string;
  readonly #keeper: NameKeeper;
  readonly #timer: NodeJS.Timeout;
  #spec = NOBODY;
  #index = new NameIndex(NOBODY.classes);
  #isMeant: (name: string) => boolean = () => false;
  #open: { readonly id: string; readonly maps: BpfMap[]; readonly peers: LearnedPeers } | undefined;
  #isAnew = true;
  /** Of the policy that was applied last. */
  #generation = -1;

  /** @param maps directory of the pinned maps */
  constructor(
    runDir: string,
    private readonly maps: string,
  ) {
    this.#path = join(runDir, 'names.json');
    this.#keeper = new NameKeeper({
      path: this.#path,
      write: (bindings) => this.#write(bindings),
      isInUse: () => this.#isInUse(),
      limits: { isMeant: (name) => this.#isMeant(name) },
      onError: (error) => {
        process.stderr.write(`names: ${error instanceof Error ? error.message : String(error)}\n`);
      },
    });
    this.#timer = setInterval(() => {
      void this.#look();
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
    this.#isMeant = remember(MOST_NAMES, (name) =>
      spec.selectors.some((selector) => matchesFQDN(selector, name)),
    );
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

  async #look(): Promise<void> {
    if (this.#open === undefined) return;
    try {
      const stamp = this.#with('plumb_config', (map) => readConfig(map).epoch.generation);
      if (stamp === this.#generation && this.#mapsId() === this.#open.id) return;
      this.#generation = stamp;
      this.#isAnew = true;
      await this.#keeper.refresh();
    } catch {
      // no maps, or none yet: the next look may find them
    }
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
    const ids = ['plumb_ipcache', 'plumb_classes'].map((name) =>
      this.#with(name, (map) => map.info().id),
    );
    return ids.join(' ');
  }

  #with<T>(name: string, use: (map: BpfMap) => T): T {
    const map = this.#map(name);
    try {
      return use(map);
    } finally {
      map.close();
    }
  }

  async #isInUse(): Promise<(address: string) => boolean> {
    const conntrack = this.#map('plumb_conntrack');
    try {
      return await openFlows(conntrack);
    } finally {
      conntrack.close();
    }
  }

  #map(name: string): BpfMap {
    return BpfMap.openPinned(join(this.maps, name));
  }
}
