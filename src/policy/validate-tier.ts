import type { PolicySpec, RuleSpec } from '../model/program.js';
import type { Report } from './report.js';

export const LAST_PRIORITY = 1000;

/** What is wrong with a policy's place among the tiers. */
export function checkTier(policy: PolicySpec, report: Report): void {
  const { tier, priority, ingressDeny, egressDeny, enableDefaultDeny, namespace } = policy;
  if (tier === undefined) {
    if (priority === undefined) return;
    const hint = 'Give it a tier, Admin or Baseline, or leave the priority out.';
    report('PLB_TIER', 'it has a priority and no tier', hint);
    return;
  }
  if (priority === undefined || !isPriority(priority)) {
    const hint = `Give it a whole number from 0, which is first, to ${String(LAST_PRIORITY)}.`;
    report('PLB_TIER', `${String(priority)} is no priority`, hint);
  }
  if (ingressDeny !== undefined || egressDeny !== undefined) {
    report('PLB_TIER', 'it has lists of denials', "Write rules with action: 'Deny'.");
  }
  if (enableDefaultDeny !== undefined) {
    const hint = 'Write a last rule that denies all, or leave enableDefaultDeny out.';
    report('PLB_TIER', 'policies of a tier make nobody default-deny', hint);
  }
  if (namespace !== undefined) {
    const hint = 'Leave the namespace out; select by its label instead.';
    report('PLB_TIER', 'policies of a tier are cluster-wide', hint);
  }
}

/** What is wrong with a rule's action. */
export function checkAction({ tier }: PolicySpec, rule: RuleSpec, report: Report): void {
  const { action } = rule;
  if (tier === undefined) {
    if (action === undefined) return;
    const hint = 'Use ingressDeny and egressDeny, or a ClusterNetworkPolicy.';
    report('PLB_TIER', 'a rule has an action, and its policy no tier', hint);
  } else if (action === undefined) {
    report('PLB_TIER', 'a rule has no action', "Give it action: 'Accept', 'Deny' or 'Pass'.");
  } else if (Object.keys(rule).every((key) => key === 'action' || key === 'origin')) {
    const hint = "Name its peers; fromEntities: ['all'] and toEntities: ['all'] are everybody.";
    report('PLB_TIER', 'a rule says nothing of peers or ports', hint);
  }
}

function isPriority(priority: number): boolean {
  return Number.isInteger(priority) && priority >= 0 && priority <= LAST_PRIORITY;
}
