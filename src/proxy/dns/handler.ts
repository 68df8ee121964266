import { matchesFQDN } from '../../model/fqdn.js';
import type { DNSListener } from '../../model/l7.js';
import { readAnswer, type Learned } from './answer.js';
import { NoAnswer, type Exchange } from './exchange.js';
import { Places, type DNSLimits } from './limits.js';
import { parseQuery, type Query } from './query.js';
import type { DNSRecord } from './record.js';
import type { Path } from './sockets.js';
import { emptyAnswer, rcodeName, readHeader, truncatedAnswer, withId } from './wire.js';

/** Where a query came in, and how an answer to it is got. */
export interface Asked {
  readonly listener: DNSListener;
  readonly transport: 'udp' | 'tcp';
  readonly path: Path;
  readonly exchange: Exchange;
}

export interface HandlerOptions {
  readonly limits: DNSLimits;
  /** Done before the client hears of the addresses; where it fails, the client gets SERVFAIL. */
  readonly onLearned: (learned: Learned) => Promise<void>;
  readonly onRecord: (record: DNSRecord) => void;
}

interface Outcome {
  readonly answer?: Buffer | undefined;
  readonly problem?: string;
  readonly addresses?: readonly string[];
}

/** From a query to what is answered, the same for every transport. */
export class Handler {
  readonly #places: Places;

  constructor(private readonly options: HandlerOptions) {
    const { inFlight, inFlightPerClient } = options.limits;
    this.#places = new Places(inFlight, inFlightPerClient);
  }

  /** Undefined: nothing is answered. Never rejects. */
  async handle(message: Buffer, asked: Asked): Promise<Buffer | undefined> {
    const query = parseQuery(message);
    if ('problem' in query) {
      const { problem, answer } = query;
      const verdict = query.rcode === 'REFUSED' ? 'denied' : 'malformed';
      this.#record(asked, { verdict }, { problem, answer });
      return answer;
    }
    const { name, type } = query;
    const rule = ruleFor(asked.listener, name);
    if (rule === undefined) {
      const answer = emptyAnswer(message, 'REFUSED', query);
      this.#record(asked, { name, type, verdict: 'denied' }, { answer });
      return answer;
    }
    const outcome = await this.#ask(query, asked);
    const place = rule === ANY ? {} : { rule };
    this.#record(asked, { name, type, verdict: 'allowed', ...place }, outcome);
    return outcome.answer;
  }

  async #ask(query: Query, asked: Asked): Promise<Outcome> {
    const failed = (problem: string): Outcome => ({
      problem,
      answer: emptyAnswer(query.message, 'SERVFAIL', query),
    });
    const giveBack = this.#places.take(asked.path.source);
    if (giveBack === undefined) return failed('too many queries');
    try {
      const answer = await asked.exchange(query);
      return await this.#pass(answer, query, asked);
    } catch (error) {
      if (!(error instanceof NoAnswer)) return failed('not recorded');
      // who waits for a datagram asks again, as it would without a proxy
      if (error.why === 'timeout' && asked.transport === 'udp') return { problem: 'timeout' };
      return failed(error.why);
    } finally {
      giveBack();
    }
  }

  async #pass(answer: Buffer, query: Query, { transport }: Asked): Promise<Outcome> {
    const own = withId(answer, query.id);
    const read = readAnswer(answer, query);
    if (read === undefined) {
      // some servers cut an answer off within a record; who asks by TCP then gets it whole
      if (readHeader(answer)?.truncated === true) {
        return { answer: truncatedAnswer(own, query.question), problem: 'cut off' };
      }
      return {
        problem: 'malformed answer',
        answer: emptyAnswer(query.message, 'SERVFAIL', query),
      };
    }
    if (read.learned !== undefined) await this.options.onLearned(read.learned);
    const fits = transport === 'tcp' || own.length <= query.longest;
    return {
      answer: fits ? own : truncatedAnswer(own, query.question),
      ...(read.learned !== undefined && { addresses: read.learned.addresses }),
    };
  }

  #record(
    { listener, transport, path }: Asked,
    judged: Pick<DNSRecord, 'name' | 'type' | 'verdict' | 'rule'>,
    { answer, problem, addresses }: Outcome,
  ): void {
    const rcode = answer === undefined ? undefined : readHeader(answer)?.rcode;
    this.options.onRecord({
      ...{ listener: listener.id, transport, ...path, ...judged },
      ...(problem !== undefined && { problem }),
      ...(rcode !== undefined && { rcode: rcodeName(rcode) }),
      ...(addresses !== undefined && { addresses }),
    });
  }
}

const ANY = 'any';

/** Position of the first rule that lets a name be asked for; `any` where there are no rules to match. */
function ruleFor({ rules }: DNSListener, name: string): number | typeof ANY | undefined {
  if (rules.length === 0) return ANY;
  const index = rules.findIndex(({ rule }) => matchesFQDN(rule, name));
  return index < 0 ? undefined : index;
}
