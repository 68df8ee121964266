import type { Construct } from 'constructs';
import { PlumbError, type Origin } from '../src/model/error.js';
import type {
  ICMPFieldSpec,
  PolicySpec,
  PortSpec,
  RuleSpec,
  SelectorSpec,
} from '../src/model/program.js';
import { PlumbConstruct } from './base.js';
import { callSite } from './call-site.js';
import { Names, type Outside } from './peers.js';
import { plain } from './plain.js';
import { Policy } from './policy.js';

/** Ports (`tcp(80)`) or ICMP messages (`icmp('EchoRequest')`); none is everything. */
export type Traffic = PortSpec | ICMPFieldSpec;

type Verb = 'allow-from' | 'allow-to' | 'deny-from' | 'deny-to';

/** Endpoints that can be said to talk to others: an Endpoint, or a Group of them. */
export abstract class Subject extends PlumbConstruct {
  /**
   * The selector that finds them.
   * @throws PlumbError PLB_SUBJECT when there is nothing to select them by
   */
  abstract get selector(): SelectorSpec;

  /**
   * Lets a peer reach them. From then on nothing else does that no rule allows; the peer's own policies
   * must allow it, too, if it has any.
   */
  allowFrom(peer: Subject | Outside, ...traffic: readonly Traffic[]): void {
    this.say('allow-from', peer, traffic, this.allowFrom);
  }

  /** Lets them reach a peer. From then on they reach nothing else that no rule allows. */
  allowTo(peer: Subject | Outside | Names, ...traffic: readonly Traffic[]): void {
    this.say('allow-to', peer, traffic, this.allowTo);
  }

  /** Keeps a peer from reaching them, whatever allows it; everybody else is left alone. */
  denyFrom(peer: Subject | Outside, ...traffic: readonly Traffic[]): void {
    this.say('deny-from', peer, traffic, this.denyFrom);
  }

  /** Keeps them from reaching a peer, whatever allows it; everybody else is left alone. */
  denyTo(peer: Subject | Outside, ...traffic: readonly Traffic[]): void {
    this.say('deny-to', peer, traffic, this.denyTo);
  }

  private say(
    verb: Verb,
    peer: Subject | Outside | Names,
    traffic: readonly Traffic[],
    method: (...args: never[]) => void,
  ): void {
    const word = `${verb}-${peer instanceof Subject ? peer.node.id : peer.word}`;
    const path = `${this.node.path}/${word}`;
    if (peer instanceof Names && verb !== 'allow-to') {
      throw new PlumbError('PLB_INVALID_FQDN', `${path}: names are only for what may be reached`, {
        origin: { path, ...callSite(method) },
        hint: 'Use allowTo with names, or cidrs for the addresses.',
      });
    }
    const peers = peer instanceof Subject ? { endpoints: [peer.selector] } : peer.peers;
    const rules = rulesOf(peers, plain(traffic, path, 'traffic'));
    new Said(this, unused(this, word), callSite(method), this.selector, verb, rules);
  }
}

/** What one call said, as a policy: its place in the program is that of the call. */
class Said extends Policy {
  readonly name: string;
  private readonly spec: PolicySpec;

  constructor(
    scope: Construct,
    id: string,
    site: Omit<Origin, 'path'>,
    endpointSelector: SelectorSpec,
    verb: Verb,
    rules: readonly RuleSpec[],
  ) {
    super(scope, id, {}, []);
    const { path } = this.node;
    this.name = `${scope.node.id}-${id}`;
    const direction = verb.endsWith('from') ? 'ingress' : 'egress';
    this.spec = {
      origin: { path, ...site },
      name: this.name,
      endpointSelector,
      ...(verb.startsWith('allow')
        ? { [direction]: rules }
        : { [`${direction}Deny`]: rules, enableDefaultDeny: { [direction]: false } }),
    };
  }

  toSpec(): PolicySpec {
    return this.spec;
  }
}

/** One rule for ports and one for ICMP: no rule has both. */
function rulesOf(peers: RuleSpec, traffic: readonly Traffic[]): RuleSpec[] {
  const ports = traffic.filter((one): one is PortSpec => 'port' in one);
  const fields = traffic.filter((one): one is ICMPFieldSpec => !('port' in one));
  if (traffic.length === 0) return [peers];
  return [
    ...(ports.length > 0 ? [{ ...peers, toPorts: [{ ports }] }] : []),
    ...(fields.length > 0 ? [{ ...peers, icmps: [{ fields }] }] : []),
  ];
}

/** The same may be said twice, of other ports. */
function unused(scope: Construct, word: string): string {
  let id = word;
  for (let n = 2; scope.node.tryFindChild(id) !== undefined; n++) id = `${word}-${String(n)}`;
  return id;
}
