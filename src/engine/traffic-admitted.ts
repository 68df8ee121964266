import { CLUSTER_IDENTITY_MAX, type Identity } from '../model/identity.js';
import type { SelectorSpec } from '../model/program.js';
import { matchesSelector, selectorKey, selectorLabelKeys } from '../model/selector.js';
import { hasNamedPorts } from '../policy/named-ports.js';
import { asksForReserved } from '../policy/peers.js';
import { rulesKey } from '../policy/rule-keys.js';
import { PolicyParser, type ParsedPolicy } from '../policy/policy-set.js';
import { admittedDelta } from '../verdict/admitted-delta.js';
import { witnessesOf, witnessText } from '../verdict/admitted.js';
import type { VerdictChange } from '../verdict/delta.js';
import type { Peer } from './labels.js';
import { compileWith, type Compiled } from './provenance.js';

/** Sorts of people who do not exist that a plan looks at, at most. */
const MOST = 128;

/** What changes for identities that nobody has yet. */
export interface Admitted {
  readonly changes: readonly VerdictChange[];
  /** With them among the identities; absent where there was no program. */
  readonly before?: Compiled;
  readonly after: Compiled;
  /** By number: `whoever is {app=q} (nobody yet)`. */
  readonly names: ReadonlyMap<number, string>;
  /** Whether everybody whom a selector could admit was looked at. */
  readonly isComplete: boolean;
}

/**
 * Compares two programs for everybody whom selectors of their policies could admit, as far as policies
 * that differ select or name them. Undefined where no policy differs. Prefixes and named ports of whoever
 * comes are not looked at: no selector says where he is.
 * @param before undefined for a node without a program, where nobody is connected: then everything is new, and
 * only those are looked at whom selectors of nobody could admit
 */
export function admittedBetween(
  before: Compiled | undefined,
  after: Compiled,
): Admitted | undefined {
  if (before !== undefined && hasSamePolicies(before, after)) return undefined;
  const was = before === undefined ? [] : parsedOf(before);
  const is = parsedOf(after);
  const selectors = distinct([...was, ...is].flatMap(selectorsOf));
  const wanted =
    before === undefined ? selectors.filter(isOfNobody(after)) : concerned(before, after, was, is);
  if (wanted?.length === 0) return undefined;
  const places = new Map(selectors.map((selector, n) => [selectorKey(selector), n]));
  const { witnesses, isComplete } = witnessesOf(
    selectors,
    MOST,
    wanted?.flatMap((selector) => places.get(selectorKey(selector)) ?? []),
  );
  const free = freeNumbers(before, after);
  const names = new Map<number, string>();
  const nobody = witnesses.flatMap((witness): Identity[] => {
    const id = free.next().value;
    if (id === undefined) return [];
    const text = witnessText(witness, selectors);
    names.set(id, text === '' ? 'anybody else (nobody yet)' : `whoever is ${text} (nobody yet)`);
    return [{ id, labels: witness.labels }];
  });
  const now = compileWith(after, nobody);
  const old = before === undefined ? undefined : compileWith(before, nobody);
  const changes = admittedDelta(old?.policy ?? null, now.policy, new Set(names.keys()), [
    before?.node.audit === true,
    after.node.audit === true,
  ]);
  const rest = { changes, after: now, names, isComplete };
  return old === undefined ? rest : { ...rest, before: old };
}

/** Looked at first because it is quick: most plans change no policy. */
function hasSamePolicies(before: Compiled, after: Compiled): boolean {
  const textOf = ({ document, node }: Compiled): string =>
    JSON.stringify([document.policies, node.enforcement, node.audit ?? false]);
  // What ports are called is no part of a policy.
  return !after.document.policies.some(hasNamedPorts) && textOf(before) === textOf(after);
}

/** Of those who are named in one row, the ones that are no special case of another. */
export function plainest(peers: readonly Peer[]): Peer[] {
  const parts = peers.map((peer) => {
    const said = /^whoever is (.*) \(nobody yet\)$/.exec(String(peer))?.[1];
    return said?.split(' and ');
  });
  return peers.filter((_, n) => {
    const own = parts[n];
    const isSpecial = (other: readonly string[] | undefined): boolean =>
      other !== undefined &&
      other.length < (own?.length ?? 0) &&
      other.every((part) => own?.includes(part));
    return own === undefined || !parts.some(isSpecial);
  });
}

function parsedOf({ document, node, policy }: Compiled): ParsedPolicy[] {
  if (node.enforcement === 'never') return [];
  const parser = new PolicyParser(policy.identities);
  return parser.parse(document.policies).flat();
}

/** Policies that the others do not have, wherever they are written. */
function beyond(these: readonly ParsedPolicy[], others: readonly ParsedPolicy[]): ParsedPolicy[] {
  const textOf = ({ subjectKey, isolates, rules }: ParsedPolicy): string =>
    JSON.stringify([subjectKey, isolates, rulesKey(rules)]);
  const known = new Set(others.map(textOf));
  return these.filter((one) => !known.has(textOf(one)));
}

/** Whom a policy is about, and whom its rules name, as far as labels say it. */
function selectorsOf({ spec, rules }: ParsedPolicy): SelectorSpec[] {
  const peers = rules.flatMap(({ peers: own = [] }) =>
    own.flatMap((peer) => (peer.kind === 'endpoints' ? [peer.selector] : [])),
  );
  const all = spec.endpointSelector === undefined ? peers : [spec.endpointSelector, ...peers];
  return all.filter((selector) => !asksForReserved(selector));
}

/** Each once; those that ask for less first. */
function distinct(selectors: readonly SelectorSpec[]): SelectorSpec[] {
  const byKey = new Map(selectors.map((selector) => [selectorKey(selector), selector]));
  return [...byKey.values()].sort(
    (a, b) => selectorLabelKeys(a).length - selectorLabelKeys(b).length,
  );
}

/** Selectors of what differs: whom it could concern. Undefined for everybody. */
function concerned(
  before: Compiled,
  after: Compiled,
  was: readonly ParsedPolicy[],
  is: readonly ParsedPolicy[],
): SelectorSpec[] | undefined {
  const isNodeSame =
    before.node.enforcement === after.node.enforcement && before.node.audit === after.node.audit;
  const changed = [...beyond(was, is), ...beyond(is, was)];
  // A rule about any peer concerns everybody.
  const isAbout = changed.some(({ rules }) => rules.some(({ peers }) => peers === undefined));
  return isNodeSame && !isAbout ? changed.flatMap(selectorsOf) : undefined;
}

/** Whether a selector matches nobody who exists. */
function isOfNobody({ policy }: Compiled): (selector: SelectorSpec) => boolean {
  const { identities } = policy;
  return (selector) => !identities.some(({ labels }) => matchesSelector(selector, labels));
}

/** Of endpoints, that neither program gives to anybody. */
function* freeNumbers(before: Compiled | undefined, after: Compiled): Generator<number, undefined> {
  for (let id = CLUSTER_IDENTITY_MAX; id >= 256; id--) {
    if (before?.policy.classes.has(id) !== true && !after.policy.classes.has(id)) yield id;
  }
  return undefined;
}
