import type { Learned } from './answer.js';
import { NameFile } from './name-file.js';
import { NameStore, type NameStoreOptions } from './name-store.js';

/** A name and its addresses, as they are known now. */
export interface Binding {
  readonly name: string;
  readonly addresses: readonly string[];
}

export interface NameKeeperOptions {
  /** File that the names are kept in. */
  readonly path: string;
  /** Makes the kernel know these and no others. Not called while an earlier call is not done. */
  readonly write: (bindings: readonly Binding[]) => Promise<void>;
  /** Whether connections to an address are open. Default: none is known to be. */
  readonly isInUse?: () => Promise<(address: string) => boolean>;
  /** What went wrong where nobody waits for it. */
  readonly onError: (error: unknown) => void;
  readonly limits?: Partial<NameStoreOptions>;
}

/** Until a longer time of an address that is known already is on disk: less than any grace. */
const LAZY_MS = 5_000;
/** Between looks for what is over, at least and at most. */
const [SHORTEST_MS, LONGEST_MS] = [1_000, 60_000];

/** Keeps what is known of names the same in memory, on disk and in the kernel. */
export class NameKeeper {
  readonly #store: NameStore;
  readonly #file: NameFile;
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** The kernel did not take what it was told last. */
  #behind = false;
  #lazy: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(private readonly options: NameKeeperOptions) {
    this.#store = new NameStore(options.limits);
    this.#file = new NameFile(options.path, this.#store);
  }

  /** Takes up what the file knows. The kernel hears of it by {@link refresh}. */
  async start(): Promise<void> {
    if (!(await this.#file.load())) {
      this.options.onError(new Error(`${this.options.path} made no sense and was put aside`));
    }
    this.#scheduleExpiry();
  }

  /**
   * Done when the kernel knows it, and the file, too; a file that cannot be written is told of and no
   * reason to wait. Rejects when the kernel does not take it.
   */
  async learned(learned: Learned): Promise<void> {
    if (this.#store.learn(learned, seconds()) || this.#behind) {
      await Promise.all([this.#save(), this.refresh()]);
      return;
    }
    this.#saveLater();
    // whoever learned it first may be about to tell the kernel yet
    await (this.#next ?? this.#writing);
  }

  /** Tells the kernel all again: when the policy has changed. Calls at a time share one. */
  refresh(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    if (this.#writing === undefined) return this.#write();
    this.#next = this.#writing
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#write();
      });
    return this.#next;
  }

  /** Forgets what is over, in the kernel, too. */
  async expire(): Promise<void> {
    if ((this.#store.nextExpiry ?? Infinity) > seconds()) return;
    const isInUse = await this.options.isInUse?.();
    if (!this.#store.expire(seconds(), isInUse)) return;
    await Promise.all([this.#save(), this.refresh()]);
  }

  /** What is in the kernel stays there. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#lazy);
    clearTimeout(this.#expiry);
    await this.#save();
    await Promise.allSettled([this.#next, this.#writing]);
  }

  #write(): Promise<void> {
    const done = this.options
      .write(this.#store.bindings(seconds()))
      .then(
        () => {
          this.#behind = false;
        },
        (error: unknown) => {
          this.#behind = true;
          throw error;
        },
      )
      .finally(() => {
        if (this.#writing === done) this.#writing = undefined;
      });
    this.#writing = done;
    return done;
  }

  async #save(): Promise<void> {
    await this.#file.save().catch(this.options.onError);
  }

  #saveLater(): void {
    if (this.#closed) return;
    this.#lazy ??= setTimeout(() => {
      this.#lazy = undefined;
      void this.#save();
    }, LAZY_MS).unref();
  }

  #scheduleExpiry(): void {
    if (this.#closed) return;
    const left = ((this.#store.nextExpiry ?? Infinity) - seconds()) * 1000;
    const wait = Math.min(Math.max(left, SHORTEST_MS), LONGEST_MS);
    this.#expiry = setTimeout(() => {
      this.expire()
        .catch(this.options.onError)
        .finally(() => {
          this.#scheduleExpiry();
        });
    }, wait).unref();
  }
}

function seconds(): number {
  return Date.now() / 1000;
}
