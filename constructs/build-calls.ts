import type { Construct } from 'constructs';
import { PlumbError, throwAll } from '../src/model/error.js';
import type { ConstructCall, ConstructName } from '../src/model/construct-call.js';
import type { ProgramDocument } from '../src/model/program.js';
import { App } from './app.js';
import { writtenAt } from './call-site.js';
import { CIDRGroup } from './cidr-group.js';
import { ClusterNetworkPolicy } from './cluster-network-policy.js';
import { Endpoint } from './endpoint.js';
import { KubernetesNetworkPolicy } from './kubernetes-network-policy.js';
import { Namespace } from './namespace.js';
import { NetworkPolicy } from './network-policy.js';
import { Node } from './node.js';
import { Policy } from './policy.js';
import { placeRules } from './rule-places.js';
import { Service } from './service.js';

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
 * Carries the calls out. What is made is written where its manifest is.
 * @param scopes constructs that are there already, by their variables: `app`, and a node if it is one of
 *   the program's own
 * @returns what was made, in order
 * @throws PlumbError or PlumbErrors, those of the constructs, with the places of the manifests
 */
export function buildCalls(
  calls: readonly ConstructCall[],
  scopes: Readonly<Record<string, Construct>> & { readonly app: Construct },
): Construct[] {
  const variables = new Map(Object.entries(scopes));
  const made: Construct[] = [];
  const errors: PlumbError[] = [];
  for (const call of calls) {
    const { construct, id, props, references = {}, variable, origin, rules } = call;
    if (variable !== undefined && Object.hasOwn(scopes, variable)) continue;
    const named = Object.entries(references).map(
      ([name, to]) => [name, variables.get(to)] as const,
    );
    try {
      const all = { ...props, ...Object.fromEntries(named) } as never;
      const scope = variables.get(call.scope) ?? scopes.app;
      const built = writtenAt(origin, () => new CLASSES[construct](scope, id, all));
      if (built instanceof Policy && rules !== undefined) placeRules(built, rules);
      if (variable !== undefined) variables.set(variable, built);
      made.push(built);
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      const where = { path: error.origin?.path ?? id, ...origin };
      errors.push(new PlumbError(error.code, error.message, { origin: where, hint: error.hint }));
    }
  }
  throwAll(errors);
  return made;
}

/** The document that the calls mean, in an app of their own. */
export function documentOf(calls: readonly ConstructCall[]): ProgramDocument {
  const app = new App();
  buildCalls(calls, { app });
  return app.toDocument();
}
