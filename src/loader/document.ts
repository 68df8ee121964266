import type { core } from 'zod';
import { PlumbError, throwAll, type Origin } from '../model/error.js';
import type { PolicySpec, ProgramDocument, RuleSpec } from '../model/program.js';
import type { Positions } from './positions.js';
import { placeKey, type RuleLines } from './compile-protocol.js';
import { documentSchema } from './schema.js';

/** The four lists of rules of a policy. */
export const RULE_LISTS = ['ingress', 'ingressDeny', 'egress', 'egressDeny'] as const;

/**
 * Checks what the child said, field by field, and puts places of the program for those of the bundle.
 * @throws PlumbError or PlumbErrors PLB_DOCUMENT
 */
export function readDocument(
  raw: unknown,
  positions: Positions,
  ruleLines: RuleLines,
): ProgramDocument {
  const { data, error } = documentSchema.safeParse(raw);
  if (error !== undefined) {
    throwAll(error.issues.map((issue) => malformed(issue, raw, positions)));
  }
  const { version, nodes, endpoints, cidrGroups, policies, services, lintIgnores } =
    data as ProgramDocument;
  const placed = <T extends { readonly origin: Origin }>(list: readonly T[]): T[] =>
    list.map((item) => ({ ...item, origin: positions.origin(item.origin) }));
  return {
    version,
    nodes: placed(nodes),
    endpoints: placed(endpoints),
    ...(cidrGroups && { cidrGroups: placed(cidrGroups) }),
    policies: placed(policies).map((policy) => placeRules(policy, ruleLines, positions)),
    services: placed(services),
    ...(lintIgnores && { lintIgnores }),
  };
}

/** Each rule gets the line of its own where the program's text shows it, else the policy's. */
function placeRules(policy: PolicySpec, ruleLines: RuleLines, positions: Positions): PolicySpec {
  const lines = ruleLines[placeKey(policy.origin)];
  const lists: Partial<Record<(typeof RULE_LISTS)[number], RuleSpec[]>> = {};
  for (const name of RULE_LISTS) {
    const rules = policy[name];
    if (rules === undefined) continue;
    const known = lines?.[name];
    // Unless the text accounts for every rule there is no telling which is which.
    const exact = known?.length === rules.length ? known : undefined;
    lists[name] = rules.map((rule, i) => ({
      ...rule,
      origin: { ...policy.origin, ...exact?.[i], ...positions.find(rule.origin ?? {}) },
    }));
  }
  return { ...policy, ...lists };
}

function malformed(issue: core.$ZodIssue, raw: unknown, positions: Positions): PlumbError {
  const [list, index] = issue.path;
  const origin = originOf(raw, list, index);
  const at = issue.path.slice(origin === undefined ? 0 : 2).join('.');
  const where = [origin?.path, at].filter((part) => part).join(': ');
  return new PlumbError('PLB_DOCUMENT', `${where}${where ? ': ' : ''}${issue.message}`, {
    ...(origin && { origin: positions.origin(origin) }),
    hint: 'Give the construct only what its types allow, without casts.',
  });
}

/** The origin of the construct that is malformed, as far as it is an origin itself. */
function originOf(raw: unknown, list?: PropertyKey, index?: PropertyKey): Origin | undefined {
  if (list === undefined || index === undefined) return undefined;
  const item = (raw as Partial<Record<PropertyKey, Partial<Record<PropertyKey, unknown>>>>)[list];
  const { origin } = (item?.[index] ?? {}) as { origin?: Partial<Record<keyof Origin, unknown>> };
  if (typeof origin?.path !== 'string') return undefined;
  const { path, file, line, column } = origin;
  return typeof file === 'string' && typeof line === 'number' && typeof column === 'number'
    ? { path, file, line, column }
    : { path };
}
