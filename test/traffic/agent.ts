import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

export type Transport = 'tcp' | 'udp' | 'icmp';

/** What a server said: who it is, and whom it heard. */
export interface Answer {
  readonly server: string;
  readonly client: string;
  readonly clientPort: number;
}

interface Result extends Partial<Counts> {
  readonly answer?: string;
  readonly id?: number;
  readonly count?: number;
}

/** Questions that a load asked, and those that were answered. */
export interface Counts {
  readonly sent: number;
  readonly answered: number;
}

/** UDP questions, new TCP connections with one question each, one connection with many, or pings. */
export type LoadKind = 'datagrams' | 'connections' | 'dialogue' | 'echoes';

interface Reply {
  readonly call: number;
  readonly result?: Result | null;
  readonly error?: string;
}

/** Milliseconds after which an answer counts as never coming. */
const TIMEOUT = 700;

/** A process in a network namespace that serves and probes. Close it, also when a test fails. */
export class TrafficAgent {
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #calls = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (reply: Reply) => this.#waiting.get(reply.call)?.(reply));
  }

  /** @param netns path or name of a namespace */
  static async open(netns: string): Promise<TrafficAgent> {
    const path = netns.startsWith('/') ? netns : `/run/netns/${netns}`;
    const child = spawn(
      'nsenter',
      [`--net=${path}`, process.execPath, join(import.meta.dirname, 'agent.mjs')],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    );
    const agent = new TrafficAgent(child);
    await new Promise<void>((up, fail) => {
      agent.#waiting.set(0, () => up());
      child.once('exit', () => fail(new Error(`no agent in ${netns}`)));
    });
    return agent;
  }

  /** Listens in both families. */
  async serve(protocol: 'tcp' | 'udp', port: number, name: string): Promise<void> {
    await this.#ask('serve', { protocol, port, name });
  }

  /** Undefined when nobody answers; of `icmp` who answers is not known. */
  async probe(
    transport: Transport,
    address: string,
    port: number,
    { bytes, timeout = TIMEOUT }: { readonly bytes?: number; readonly timeout?: number } = {},
  ): Promise<Answer | undefined> {
    const command = transport === 'icmp' ? 'ping' : transport;
    const rest = bytes === undefined ? {} : { bytes };
    const reply = await this.#ask(command, { address, port, timeout, ...rest });
    return parsed(reply?.answer);
  }

  /** A connection that stays open: ask it again and again. */
  async connect(address: string, port: number): Promise<(timeout?: number) => Promise<boolean>> {
    const first = await this.#ask('tcp', { address, port, timeout: TIMEOUT, keep: true });
    const id = first?.id;
    if (id === undefined) throw new Error(`${address} does not answer`);
    return async (timeout = TIMEOUT) =>
      (await this.#ask('again', { id, timeout }))?.answer !== undefined;
  }

  /** Asks again and again, every `interval` milliseconds, until the returned function is called. */
  async load(
    kind: LoadKind,
    address: string,
    port: number,
    interval: number,
  ): Promise<() => Promise<Counts>> {
    const { stop } = await this.watchedLoad(kind, address, port, interval);
    return stop;
  }

  /**
   * The same; `look` tells how it stands, and pauses it for at most `patience` milliseconds until all that
   * was asked is answered.
   */
  async watchedLoad(
    kind: LoadKind,
    address: string,
    port: number,
    interval: number,
  ): Promise<{ look(patience?: number): Promise<Counts>; stop(): Promise<Counts> }> {
    const started = await this.#ask('startLoad', { kind, address, port, interval });
    const counts = async (command: string, rest: object = {}): Promise<Counts> => {
      const reply = await this.#ask(command, { id: started?.id, ...rest });
      return { sent: reply?.sent ?? 0, answered: reply?.answered ?? 0 };
    };
    return {
      look: (patience = 0) => counts('lookAtLoad', { patience }),
      stop: () => counts('stopLoad'),
    };
  }

  /** How often somebody was heard on a port that is served here. */
  async heard(port: number): Promise<number> {
    return (await this.#ask('heard', { port }))?.count ?? 0;
  }

  /** TCP segments that were sent again in this namespace since it was made. */
  async retransmitted(): Promise<number> {
    return (await this.#ask('retransmitted', {}))?.count ?? 0;
  }

  close(): void {
    this.child.kill();
  }

  async #ask(command: string, rest: object): Promise<Reply['result']> {
    const call = ++this.#calls;
    const reply = await new Promise<Reply>((done) => {
      this.#waiting.set(call, done);
      this.child.send({ call, command, ...rest });
    });
    this.#waiting.delete(call);
    if (reply.error !== undefined) throw new Error(reply.error);
    return reply.result;
  }
}

function parsed(answer: string | undefined): Answer | undefined {
  if (answer === undefined) return undefined;
  const [server = '', client = '', port = '0'] = answer.split(' ');
  return { server, client, clientPort: Number(port) };
}
