import { complain } from './complain.js';
import type { PlumbError } from './error.js';
import { formatAddress, parseAddress } from './prefix.js';
import type { PolicySpec, ProgramDocument, RuleSpec, SelectorSpec } from './program.js';
import type { ServiceSpec } from './service.js';

const LISTS = ['ingress', 'ingressDeny', 'egress', 'egressDeny'] as const;

/** Kinds of peers that a rule may not name beside services. */
const OTHERS = [
  ...(['endpoints', 'cidr', 'cidrSet', 'cidrGroups'] as const),
  ...(['entities', 'nodes', 'fqdns'] as const),
];

/** Rules that name a service that there is not, or one on ingress. */
export function servicePeerErrors({ policies, services }: ProgramDocument): PlumbError[] {
  const known = new Set(services.map(({ name }) => name));
  return policies.flatMap((policy) =>
    LISTS.flatMap((list) =>
      (policy[list] ?? []).flatMap((rule) => {
        const { services: names = [] } = rule;
        const at = { origin: rule.origin ?? policy.origin };
        if (rule.services !== undefined && OTHERS.some((kind) => rule[kind] !== undefined)) {
          const hint = 'Write one rule for each kind of peer: rules add up.';
          const message = 'one rule names its peers by services and by something else';
          return [complain('PLB_PEER_KINDS', at, message, hint)];
        }
        if (list.startsWith('ingress') && names.length > 0) {
          const hint = 'Services are reached, they reach nobody: write the rule for egress.';
          return [complain('PLB_UNKNOWN_SERVICE', at, 'ingress from a service', hint)];
        }
        return names
          .filter((name) => !known.has(name))
          .map((name) => {
            const hint = `Use one of ${[...known].join(', ') || 'the services, of which there are none'}.`;
            return complain('PLB_UNKNOWN_SERVICE', at, `there is no service ${name}`, hint);
          });
      }),
    ),
  );
}

/**
 * The document with back-ends where rules named services: policy sees a connection after it was sent to
 * one. A rule becomes one for back-ends that are endpoints and one for those outside, in its place. It
 * keeps the names: what services select is in any namespace.
 */
export function withoutServicePeers(document: ProgramDocument): ProgramDocument {
  return {
    ...document,
    policies: document.policies.map((policy) => resolve(policy, document)),
  };
}

function resolve(policy: PolicySpec, document: ProgramDocument): PolicySpec {
  const lists = LISTS.flatMap((list) => {
    const rules = policy[list];
    if (rules?.some(({ services }) => services !== undefined) !== true) return [];
    return [[list, rules.flatMap((rule) => expand(rule, document))] as const];
  });
  return lists.length === 0 ? policy : { ...policy, ...Object.fromEntries(lists) };
}

function expand(rule: RuleSpec, { services, endpoints }: ProgramDocument): RuleSpec[] {
  const { services: names } = rule;
  if (names === undefined) return [rule];
  const meant = services.filter(({ name }) => names.includes(name));
  const labels = new Map(
    endpoints.flatMap((endpoint) =>
      endpoint.addresses.map((text): [string, SelectorSpec] => [
        canonical(text),
        { matchLabels: ownLabels(endpoint.labels) },
      ]),
    ),
  );
  const addresses = meant.flatMap(addressesOf);
  const selectors = [
    ...meant.flatMap(({ selector }) => selector ?? []),
    ...addresses.flatMap((address) => labels.get(address) ?? []),
  ];
  const outside = addresses.filter((address) => !labels.has(address));
  const cidr = outside.map((address) => `${address}/${address.includes(':') ? '128' : '32'}`);
  return [
    // A service without back-ends is nobody; no list at all would be everybody.
    { ...rule, endpoints: selectors },
    ...(cidr.length > 0 ? [{ ...rule, cidr }] : []),
  ];
}

function addressesOf({ backends }: ServiceSpec): string[] {
  return backends.map(({ address }) => canonical(address));
}

function canonical(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address);
}

/** What an endpoint calls its ports, and where it is, do not make it a back-end. */
function ownLabels(labels: SelectorSpec['matchLabels']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(labels ?? {}).filter(([key]) => !/^(port|cidr):/.test(key)),
  );
}
