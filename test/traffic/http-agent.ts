import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

export interface Request {
  readonly url: string;
  readonly method?: string;
  /** Bytes of the body. */
  readonly send?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** An answer, or the error that there was instead. */
export interface Answer {
  readonly status?: number;
  readonly length?: number;
  /** Its first characters. */
  readonly text?: string;
  readonly error?: string;
}

/** What a server got. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly client: string;
}

export interface Load {
  readonly url: string;
  readonly method?: string;
  readonly count: number;
  readonly concurrency: number;
  readonly keepAlive?: boolean;
}

interface Reply {
  readonly call: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A process in a network namespace that serves HTTP and asks by it. Close it, also when a test fails. */
export class HttpAgent {
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #calls = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (reply: Reply) => this.#waiting.get(reply.call)?.(reply));
  }

  /** @param netns name of a namespace */
  static async open(netns: string): Promise<HttpAgent> {
    const child = spawn(
      'nsenter',
      [`--net=/run/netns/${netns}`, process.execPath, join(import.meta.dirname, 'http.mjs')],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    );
    const agent = new HttpAgent(child);
    await new Promise<void>((up, fail) => {
      agent.#waiting.set(0, () => up());
      child.once('exit', () => fail(new Error(`no agent in ${netns}`)));
    });
    return agent;
  }

  /** In both families. `/bytes/N` answers with N bytes, `/wait/N` after N milliseconds. */
  async serve(port: number): Promise<void> {
    await this.#call('serve', { port });
  }

  /** What the server got since it was last looked at. */
  seen(): Promise<Seen[]> {
    return this.#call('seen', {});
  }

  ask(request: Request): Promise<Answer> {
    return this.#call('ask', request);
  }

  /** How many requests had which status, or error. */
  load(load: Load): Promise<Record<string, number>> {
    return this.#call('load', load);
  }

  /** On one connection by its name, which stays open. */
  hold(name: string, request: Request): Promise<Answer> {
    return this.#call('hold', { ...request, name });
  }

  /** A name server on UDP port 53 that knows these names. */
  async serveNames(zone: Readonly<Record<string, readonly string[]>>, ttl = 60): Promise<void> {
    await this.#call('serveNames', { zone, ttl });
  }

  /** What a server says of a name in IPv4 and IPv6, asked for both at once: addresses, or an error's code. */
  lookup(name: string, server: string): Promise<[string[] | string, string[] | string]> {
    return this.#call('lookup', { name, server });
  }

  close(): void {
    this.child.kill('SIGKILL');
  }

  async #call<T>(command: string, options: object): Promise<T> {
    const call = ++this.#calls;
    const reply = await new Promise<Reply>((done) => {
      this.#waiting.set(call, done);
      this.child.send({ call, command, options });
    });
    this.#waiting.delete(call);
    if (reply.error !== undefined) throw new Error(reply.error);
    return reply.result as T;
  }
}
