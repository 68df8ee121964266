import { labelValueProblem } from '../model/labels.js';
import { NAMESPACE_LABEL } from '../model/namespace.js';
import type { PolicySpec } from '../model/program.js';
import type { Report } from './report.js';

/** What is wrong with whom a policy is about, besides its selector. */
export function checkSubject(policy: PolicySpec, report: Report): void {
  const { endpointSelector, nodeSelector, namespace } = policy;
  if ((endpointSelector === undefined) === (nodeSelector === undefined)) {
    const both = endpointSelector !== undefined;
    const message = both ? 'it selects endpoints and nodes' : 'it selects nobody';
    const hint = both
      ? 'Write one policy for the endpoints and one for the nodes.'
      : 'Give it an endpointSelector or a nodeSelector; {} is all of them.';
    report('PLB_SUBJECT', message, hint);
  }
  if (nodeSelector !== undefined && namespace !== undefined) {
    const hint = 'Make the policy outside of namespaces.';
    report('PLB_SUBJECT', `nodes are in no namespace, and it is in ${namespace}`, hint);
  }
  checkNamespace(policy, report);
}

/** What Cilium would silently take out of the selector. */
function checkNamespace({ namespace, endpointSelector }: PolicySpec, report: Report): void {
  if (namespace === undefined) return;
  const named = endpointSelector?.matchLabels?.[NAMESPACE_LABEL] ?? namespace;
  if (labelValueProblem(namespace) !== undefined) {
    const hint = 'Use up to 63 small letters, digits and hyphens.';
    report('PLB_NAMESPACE', `${JSON.stringify(namespace)} is no namespace`, hint);
  } else if (named !== namespace) {
    report(
      'PLB_NAMESPACE',
      `it is in namespace ${namespace} and selects subjects in ${named}`,
      `Leave the label ${NAMESPACE_LABEL} out, or put the policy into the other namespace.`,
    );
  }
}
