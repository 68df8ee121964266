import type { RequestRecord } from '../proxy/record.js';

type Follower = (line: string) => void;

/** Hands on what is filtered to whoever follows. */
export class Records {
  readonly #followers = new Set<Follower>();

  /** Returns how to leave. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  add(record: RequestRecord): void {
    if (this.#followers.size === 0) return;
    const line = JSON.stringify(record);
    for (const follower of this.#followers) follower(line);
  }

  get isFollowed(): boolean {
    return this.#followers.size > 0;
  }
}
