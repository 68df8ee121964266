import type { App } from '../../constructs/app.js';
import { synthesize, synthesizeDocument } from '../engine/desired.js';
import { parseRequest, type RequestFlags } from '../engine/explain-filter.js';
import { answer } from '../engine/explain.js';
import { matrixOf } from '../engine/matrix.js';
import type { Compiled } from '../engine/provenance.js';
import { icmpType } from '../model/icmp.js';
import type { ICMPFieldSpec, Labels, PortSpec } from '../model/program.js';
import type { Matrix } from '../report/matrix.js';
import { renderVerdict, type VerdictAnswer } from '../report/verdict.js';
import { failure } from './failure.js';
import { endsOf, type End } from './ends.js';

/** Where policy comes from: the path of a program, a construct tree, or the path of manifests. */
export type Source = string | App | { readonly manifests: string };

/** One port (`tcp(80)`), or one type of ICMP (`icmp('EchoRequest')`). */
export type Asked = PortSpec | ICMPFieldSpec;

/**
 * What is asked for on the connection: `{ http: 'GET /v1/status', header: ['X-Token: a'] }`, a name of
 * the DNS (`dns`), of a TLS server (`sni`), or in the words of a protocol plug-in (`l7`).
 */
export type Request = RequestFlags;

/** What a program, or manifests, allow: for tests of any framework, without privileges or a kernel. */
export interface Network {
  /**
   * @param from an endpoint, a group (all of its endpoints), a node or a service; or in words: a name,
   *   labels (`org=empire,class=deathstar`), `host`, `world`, an address
   * @param to the same
   * @param request what is asked for; without it a connection that rules of layer 7 filter is allowed
   * @throws AssertionError with the rules that deny it
   */
  readonly expectAllowed: (from: End, to: End, traffic: Asked, request?: Request) => void;
  /** @throws AssertionError with the rules that allow it */
  readonly expectDenied: (from: End, to: End, traffic: Asked, request?: Request) => void;
  /** Who can talk to whom, as `plumb matrix --json` says it. */
  readonly matrix: Matrix;
  /** Labels of each identity, by its number. */
  readonly identities: ReadonlyMap<number, Labels>;
}

export interface NetworkOptions {
  /** Which of the program's nodes judges. @default the only one, or the one named like this host */
  readonly node?: string;
}

/**
 * Compiles a program for one node.
 * @throws PlumbError or PlumbErrors, whatever is wrong with it
 */
export async function networkOf(source: Source, options: NetworkOptions = {}): Promise<Network> {
  const compiled = await compile(source, options);
  const expecting = (allowed: boolean): Network['expectAllowed'] => {
    return function expectVerdict(from, to, traffic, request = {}) {
      const question = { port: askedText(traffic), request: parseRequest(request) };
      const targets = endsOf(to, compiled);
      for (const source of endsOf(from, compiled)) {
        for (const target of targets) {
          const said = answer({ ...question, from: source, to: target }, compiled);
          if (said.allowed !== allowed) throw failure(unexpected(said, allowed), expectVerdict);
        }
      }
    };
  };
  return {
    expectAllowed: expecting(true),
    expectDenied: expecting(false),
    matrix: matrixOf(compiled),
    identities: new Map(compiled.policy.identities.map(({ id, labels }) => [id, labels])),
  };
}

async function compile(source: Source, options: NetworkOptions): Promise<Compiled> {
  if (typeof source === 'string') return synthesize(source, options);
  if ('toDocument' in source) return synthesizeDocument(source.toDocument(), options);
  return synthesize('', { ...options, ...source });
}

function askedText(asked: Asked): string {
  if ('type' in asked) {
    const { family = 'IPv4', type } = asked;
    const number = icmpType(type, family);
    if (number !== undefined) return `${family === 'IPv4' ? 'ICMP' : 'ICMPv6'}/${String(number)}`;
    throw new TypeError(`there is no type ${String(type)} of ICMP in ${family}`);
  }
  const { port, endPort, protocol = 'TCP' } = asked;
  if (endPort === undefined && protocol !== 'ANY') return `${String(port)}/${protocol}`;
  throw new TypeError('a connection has one port and one protocol: tcp(80), udp(53), sctp(7)');
}

function unexpected(said: VerdictAnswer, allowed: boolean): string {
  const wanted = allowed ? 'allowed, but it is denied' : 'denied, but it is allowed';
  return `this should be ${wanted}:\n${renderVerdict(said, { colour: false })}`;
}
