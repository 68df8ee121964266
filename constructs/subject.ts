import type { Construct } from 'constructs';
import { PlumbError, type Origin } from '../src/model/error.js';
import type {
  ICMPFieldSpec,
  PolicySpec,
  PortRuleSpec,
  PortSpec,
  RuleSpec,
  SelectorSpec,
} from '../src/model/program.js';
import { PlumbConstruct } from './base.js';
import { callSite } from './call-site.js';
import type { CIDRGroup } from './cidr-group.js';
import type { Node } from './node.js';
import { BackEnds, Names, type Outside } from './peers.js';
import { plain } from './plain.js';
import { Policy } from './policy.js';
import type { IngressPortRule, PortRule } from './port-rule.js';
import type { Service } from './service.js';

/** Ports (`tcp(80)`) or ICMP messages (`icmp('EchoRequest')`). */
export type Traffic = PortSpec | ICMPFieldSpec;

/** Who may reach somebody: endpoints, prefixes, nodes, entities. */
export type Source = Subject | Outside | CIDRGroup | Node;

/** Who may be reached: the same, and services, which are their back-ends. */
export type Destination = Source | Service;

type Verb = 'allow-from' | 'allow-to' | 'deny-from' | 'deny-to';

/**
 * Endpoints that can be said to talk to others: an Endpoint, or a Group of them. Without ports all traffic
 * is meant, and of a Service what its back-ends listen on.
 */
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
  allowFrom(peer: Source, ...traffic: readonly (Traffic | IngressPortRule)[]): void {
    this.say('allow-from', peer, traffic, this.allowFrom);
  }

  /** Lets them reach a peer. From then on they reach nothing else that no rule allows. */
  allowTo(peer: Destination | Names, ...traffic: readonly (Traffic | PortRule)[]): void {
    this.say('allow-to', peer, traffic, this.allowTo);
  }

  /** Keeps a peer from reaching them, whatever allows it; everybody else is left alone. */
  denyFrom(peer: Source, ...traffic: readonly Traffic[]): void {
    this.say('deny-from', peer, traffic, this.denyFrom);
  }

  /** Keeps them from reaching a peer, whatever allows it; everybody else is left alone. */
  denyTo(peer: Destination, ...traffic: readonly Traffic[]): void {
    this.say('deny-to', peer, traffic, this.denyTo);
  }

  private say(
    verb: Verb,
    peer: Destination | Names,
    traffic: readonly Said[],
    method: (...args: never[]) => void,
  ): void {
    const site = callSite(method);
    const { word, peers, ports } = partOf(peer);
    const id = `${verb}-${word}`;
    const path = `${this.node.path}/${id}`;
    if (peer instanceof Names && verb !== 'allow-to') {
      throw new PlumbError('PLB_INVALID_FQDN', `${path}: names are only for what may be reached`, {
        origin: { path, ...site },
        hint: 'Use allowTo with names, or cidrs for the addresses.',
      });
    }
    const about = traffic.length === 0 ? ports : plain(traffic, path, 'traffic');
    const rules = rulesOf(peers, about);
    new SaidPolicy(this, unused(this, id), site, this.selector, verb, rules);
  }
}

type Said = Traffic | PortRule;

/** A peer as part of a rule, the word for it in ids, and the ports that it has of its own. */
function partOf(peer: Destination | Names): {
  readonly word: string;
  readonly peers: RuleSpec;
  readonly ports: readonly PortSpec[];
} {
  if (peer instanceof Subject) {
    return { word: peer.node.id, peers: { endpoints: [peer.selector] }, ports: [] };
  }
  const part = 'asPeer' in peer ? peer.asPeer : peer;
  return { word: part.word, peers: part.peers, ports: part instanceof BackEnds ? part.ports : [] };
}

/** What one call said, as a policy: its place in the program is that of the call. */
class SaidPolicy extends Policy {
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
function rulesOf(peers: RuleSpec, traffic: readonly Said[]): RuleSpec[] {
  const ports = traffic.filter((one): one is PortSpec => 'port' in one);
  const filtered = traffic.filter((one): one is PortRule => 'ports' in one);
  const fields = traffic.filter((one): one is ICMPFieldSpec => 'type' in one);
  if (traffic.length === 0) return [peers];
  const toPorts: PortRuleSpec[] = [...(ports.length > 0 ? [{ ports }] : []), ...filtered];
  return [
    ...(toPorts.length > 0 ? [{ ...peers, toPorts }] : []),
    ...(fields.length > 0 ? [{ ...peers, icmps: [{ fields }] }] : []),
  ];
}

/** The same may be said twice, of other ports. */
function unused(scope: Construct, word: string): string {
  let id = word;
  for (let n = 2; scope.node.tryFindChild(id) !== undefined; n++) id = `${word}-${String(n)}`;
  return id;
}
