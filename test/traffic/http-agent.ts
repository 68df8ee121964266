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
  /** That the connection is from. Default: one that the kernel chooses. */
  readonly localPort?: number;
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
  /** Absent: until `stop`. */
  readonly count?: number;
  readonly concurrency: number;
  readonly keepAlive?: boolean;
}

/** A request of HTTP/2. */
export interface StreamRequest {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface StreamAnswer {
  readonly status?: number;
  readonly text?: string;
  readonly trailers?: Readonly<Record<string, string>>;
  readonly error?: string;
}

export interface TlsAnswer {
  readonly text?: string;
  /** SHA-256 of the certificate. */
  readonly fingerprint?: string;
  readonly error?: string;
}

/** How a connection ended. */
export interface Ended {
  /** `end`, or the code of an error. */
  readonly how: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** First characters of what was read. */
  readonly text: string;
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

  /**
   * In both families. `/bytes/N` answers with N bytes, `/wait/N` after N milliseconds, `/drip/N` bit by bit
   * for N milliseconds, `/headers/A,B` with the values of these headers in JSON. Changes to any protocol that it is asked for, and echoes in it.
   */
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

  /** Ends loads without a count. */
  async stop(): Promise<void> {
    await this.#call('stop', {});
  }

  /** HTTP/2 without TLS, in both families; gRPC gets its trailers. */
  async serveHttp2(port: number): Promise<void> {
    await this.#call('serveHttp2', { port });
  }

  /** Requests at once in one connection of HTTP/2 without TLS; their answers in the same order. */
  askHttp2(url: string, requests: readonly StreamRequest[]): Promise<StreamAnswer[]> {
    return this.#call('askHttp2', { url, requests });
  }

  /** TLS, in both families: says `hello NAME`. `seen` has each connection as TCP, then as TLS. */
  async serveTls(port: number, files: { readonly key: string; readonly cert: string }) {
    await this.#call('serveTls', { port, ...files });
  }

  /** Trusts anybody. Asks for no name unless one is given. */
  askTls(host: string, port: number, servername?: string): Promise<TlsAnswer> {
    return this.#call('askTls', { host, port, servername });
  }

  /** Asks for another protocol, and for what it says there to be said back. */
  upgrade(url: string, protocol: string, say: string): Promise<Answer & { protocol?: string }> {
    return this.#call('upgrade', { url, protocol, say });
  }

  /** On one connection by its name, which stays open. */
  hold(name: string, request: Request): Promise<Answer> {
    return this.#call('hold', { ...request, name });
  }

  /** Asks once on a connection that it leaves open, until somebody else ends it. */
  linger(url: string, isWebSocket = false): Promise<Ended> {
    return this.#call('linger', { url, isWebSocket });
  }

  /** Only connects; `breakSilence` asks by that connection, and leaves it open. */
  async connectSilently(url: string): Promise<void> {
    await this.#call('connectSilently', { url });
  }

  breakSilence(url: string): Promise<Ended> {
    return this.#call('breakSilence', { url });
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
