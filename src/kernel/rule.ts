import { resource } from '../state/kinds.js';
import { ROUTE_PROTOCOL } from '../state/layout.js';
import type { Attributes, PlainResource } from '../state/state.js';
import type { Netlink, Rule, RuleOperation } from './native.js';
import type { WriteContext } from './write-context.js';

/** Rules of policy routing that carry our protocol number. */
export async function readRules(
  netlink: Netlink,
  netns?: string,
): Promise<PlainResource<'rule'>[]> {
  const rules = await netlink.rules();
  return rules.filter(isOurs).map(({ family, priority, table, iif, oif, fwmark, fwmask }) =>
    resource('rule', {
      ...(netns === undefined ? {} : { netns }),
      family,
      priority,
      table,
      ...(iif === undefined ? {} : { iif }),
      ...(oif === undefined ? {} : { oif }),
      ...(fwmark === undefined ? {} : { fwmark }),
      ...(fwmask === undefined ? {} : { fwmask }),
    }),
  );
}

function isOurs({ protocol, action }: Rule): boolean {
  return protocol === ROUTE_PROTOCOL && action === 'to-table';
}

export async function createRule(context: WriteContext, rule: Attributes['rule']): Promise<void> {
  await context.send(rule.netns, [{ op: 'rule-add', rule: ruleOf(rule) }], ['EEXIST']);
}

export async function deleteRule(context: WriteContext, rule: Attributes['rule']): Promise<void> {
  await context.send(rule.netns, [{ op: 'rule-delete', rule: ruleOf(rule) }], ['ENOENT']);
}

function ruleOf(rule: Attributes['rule']): RuleOperation['rule'] {
  const { family, priority, table, iif, oif, fwmark, fwmask } = rule;
  return {
    family,
    priority,
    table,
    protocol: ROUTE_PROTOCOL,
    ...(iif === undefined ? {} : { iif }),
    ...(oif === undefined ? {} : { oif }),
    ...(fwmark === undefined ? {} : { fwmark }),
    ...(fwmask === undefined ? {} : { fwmask }),
  };
}
