import type { Construct } from 'constructs';
import { App } from '../../constructs/app.js';
import { CIDRGroup } from '../../constructs/cidr-group.js';
import { ClusterNetworkPolicy } from '../../constructs/cluster-network-policy.js';
import { Endpoint } from '../../constructs/endpoint.js';
import { KubernetesNetworkPolicy } from '../../constructs/kubernetes-network-policy.js';
import { Namespace } from '../../constructs/namespace.js';
import { NetworkPolicy } from '../../constructs/network-policy.js';
import { Node } from '../../constructs/node.js';
import { Service } from '../../constructs/service.js';
import { PlumbError, throwAll } from '../model/error.js';
import type { ConstructCall, ConstructName } from '../model/construct-call.js';
import type { Origin } from '../model/error.js';
import type { PolicySpec, ProgramDocument, RuleSpec } from '../model/program.js';

type Class = new (scope: Construct, id: string, props: never) => Construct;

const CLASSES: Readonly<Record<ConstructName, Class>> = {
  Node,
  Namespace,
  Endpoint,
  Service,
  CIDRGroup,
  NetworkPolicy,
  KubernetesNetworkPolicy,
  ClusterNetworkPolicy,
};

/**
 * Carries the calls out, in an app of their own or in a given one.
 * @returns the call that made each construct, by construct path
 * @throws PlumbError or PlumbErrors, those of the constructs, with the places of the manifests
 */
export function build(calls: readonly ConstructCall[], app: Construct): Map<string, ConstructCall> {
  const made = new Map<string, ConstructCall>();
  const variables = new Map<string, Construct>([['app', app]]);
  const errors: PlumbError[] = [];
  for (const call of calls) {
    const { construct, id, props, references = {}, variable, origin } = call;
    const named = Object.entries(references).map(
      ([name, to]) => [name, variables.get(to)] as const,
    );
    try {
      const all = { ...props, ...Object.fromEntries(named) } as never;
      const built = new CLASSES[construct](variables.get(call.scope) ?? app, id, all);
      made.set(built.node.path, call);
      if (variable !== undefined) variables.set(variable, built);
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      const where = { path: error.origin?.path ?? id, ...origin };
      errors.push(new PlumbError(error.code, error.message, { origin: where, hint: error.hint }));
    }
  }
  throwAll(errors);
  return made;
}

/** The document that the calls mean, with the manifests' files and lines for origins. */
export function documentOf(calls: readonly ConstructCall[]): ProgramDocument {
  const app = new App();
  const made = build(calls, app);
  const document = app.toDocument();
  const { nodes, endpoints, policies, services, cidrGroups } = document;
  const place = ({ path }: Origin): Origin => ({ path, ...made.get(path)?.origin });
  const placed = <T extends { readonly origin: Origin }>(list: readonly T[]): T[] =>
    list.map((item) => ({ ...item, origin: place(item.origin) }));
  return {
    ...document,
    nodes: placed(nodes),
    endpoints: placed(endpoints),
    policies: placed(policies).map((policy) => placeRules(policy, made.get(policy.origin.path))),
    ...(cidrGroups && { cidrGroups: placed(cidrGroups) }),
    services: placed(services),
  };
}

function placeRules(policy: PolicySpec, call: ConstructCall | undefined): PolicySpec {
  const lists: Record<string, readonly RuleSpec[]> = {};
  for (const name of ['ingress', 'ingressDeny', 'egress', 'egressDeny'] as const) {
    const rules = policy[name];
    if (rules === undefined) continue;
    const places = call?.rules?.[name];
    lists[name] = rules.map((rule, i) => ({
      ...rule,
      origin: { ...policy.origin, ...places?.[i] },
    }));
  }
  return { ...policy, ...lists };
}
