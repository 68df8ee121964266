import type { Learned } from './answer.js';

/** Addresses of a name, and when the DNS said that they are not to be used any more: Unix time, seconds. */
export type NameEntry = Readonly<Record<string, number>>;

export interface NameStoreOptions {
  /**
   * How long addresses stay known after that, for connections that are open still, and clients that
   * cache longer than they should. Seconds; default 3600.
   */
  readonly grace: number;
  /** Longest time that is believed of an answer. Seconds; default 86400. */
  readonly longestTtl: number;
  /** Of one name; those go first whose time is over first. Default 1000. */
  readonly addressesPerName: number;
  /** Those go first that were asked for least lately. Default 20000. */
  readonly names: number;
  /** Of all names together; names go as above. Default 50000: the kernel's map has room for plans, too. */
  readonly addresses: number;
  /**
   * Whether any rule is about addresses of a name. Others go first where there are too many, so that who
   * may ask for anything cannot push out what others need. Default: all are.
   */
  readonly isMeant: (name: string) => boolean;
}

export const NAME_STORE: NameStoreOptions = {
  grace: 3600,
  longestTtl: 86_400,
  addressesPerName: 1000,
  names: 20_000,
  addresses: 50_000,
  isMeant: () => true,
};

/** Where the DNS said that names are. Knows no clock: every time is given, Unix time in seconds. */
export class NameStore {
  readonly #options: NameStoreOptions;
  /** Least lately learned first. */
  readonly #names = new Map<string, Map<string, number>>();
  /** Addresses of all names. */
  #count = 0;

  constructor(options: Partial<NameStoreOptions> = {}) {
    this.#options = { ...NAME_STORE, ...options };
  }

  /**
   * What an answer says is added to what is known.
   * @returns whether any address is new; else it is only known for longer
   */
  learn({ name, addresses, ttl }: Learned, now: number): boolean {
    const until = now + Math.min(Math.max(ttl, 0), this.#options.longestTtl);
    const known = new Map(this.#names.get(name));
    const lives = this.#lives(now);
    const isNew = !addresses.every((address) => lives([address, known.get(address) ?? NEVER]));
    for (const address of addresses) {
      known.set(address, Math.max(until, known.get(address) ?? until));
    }
    this.#forget(name);
    this.#put(name, this.#fewest(known, new Set(addresses)));
    this.#shrink();
    return isNew;
  }

  /** By name, each with its addresses sorted, without those whose grace is over. */
  bindings(now: number): { readonly name: string; readonly addresses: readonly string[] }[] {
    return [...this.#names]
      .map(([name, known]) => ({
        name,
        addresses: [...known]
          .filter(this.#lives(now))
          .map(([address]) => address)
          .sort(),
      }))
      .filter(({ addresses }) => addresses.length > 0)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Forgets what is over. An address that is in use is kept for another grace.
   * @returns whether anything was forgotten
   */
  expire(now: number, isInUse: (address: string) => boolean = () => false): boolean {
    let forgotten = false;
    const lives = this.#lives(now);
    for (const [name, known] of this.#names) {
      for (const entry of known) {
        const [address] = entry;
        if (lives(entry)) continue;
        if (isInUse(address)) {
          known.set(address, now);
          continue;
        }
        known.delete(address);
        this.#count--;
        forgotten = true;
      }
      if (known.size === 0) this.#names.delete(name);
    }
    return forgotten;
  }

  /** When something may be forgotten next; undefined where nothing is known. */
  get nextExpiry(): number | undefined {
    let first: number | undefined;
    for (const known of this.#names.values()) {
      for (const until of known.values()) first = Math.min(first ?? until, until);
    }
    return first === undefined ? undefined : first + this.#options.grace;
  }

  /** Everything, in the order that it was learned in. */
  entries(): [name: string, entry: NameEntry][] {
    return [...this.#names].map(([name, known]) => [name, Object.fromEntries(known)]);
  }

  /** Adds what {@link entries} gave, as far as the limits allow. */
  restore(entries: Iterable<readonly [name: string, entry: NameEntry]>): void {
    for (const [name, entry] of entries) {
      this.#forget(name);
      this.#put(name, this.#fewest(new Map(Object.entries(entry)), NONE));
    }
    this.#shrink();
  }

  #put(name: string, known: Map<string, number>): void {
    this.#names.set(name, known);
    this.#count += known.size;
  }

  #forget(name: string): void {
    this.#count -= this.#names.get(name)?.size ?? 0;
    this.#names.delete(name);
  }

  #shrink(): void {
    const isTooMuch = (): boolean =>
      this.#names.size > this.#options.names || this.#count > this.#options.addresses;
    for (const isLast of [false, true]) {
      for (const oldest of this.#names.keys()) {
        if (!isTooMuch()) return;
        if (isLast || !this.#options.isMeant(oldest)) this.#forget(oldest);
      }
    }
  }

  #lives(now: number): (entry: readonly [string, number]) => boolean {
    return ([, until]) => now < until + this.#options.grace;
  }

  /** Those that were learned last stay: somebody is about to use them. */
  #fewest(known: Map<string, number>, last: ReadonlySet<string>): Map<string, number> {
    const most = this.#options.addressesPerName;
    if (known.size <= most) return known;
    const rank = ([address, until]: readonly [string, number]): number =>
      last.has(address) ? Infinity : until;
    const ranked = [...known].map((entry) => ({ entry, rank: rank(entry) }));
    ranked.sort((a, b) => (a.rank === b.rank ? 0 : b.rank - a.rank));
    return new Map(ranked.slice(0, most).map(({ entry }) => entry));
  }
}

const NEVER = -Infinity;
const NONE: ReadonlySet<string> = new Set();
