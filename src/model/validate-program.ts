import { PlumbError } from './error.js';
import type { ProgramDocument } from './program.js';
import { addressErrors } from './validate-addresses.js';
import { clusterErrors } from './validate-clusters.js';
import { lintIgnoreErrors } from './validate-lint-ignores.js';
import { nameErrors } from './validate-names.js';
import { rangeErrors } from './validate-ranges.js';
import { serviceErrors } from './validate-services.js';

/**
 * What is wrong with nodes, endpoints and services, all of it, in the order of the document: PLB_NO_NODE,
 * PLB_UNKNOWN_NODE, PLB_DUPLICATE_NAME, PLB_INVALID_NAME, PLB_INVALID_LABEL, PLB_INVALID_CIDR,
 * PLB_OVERLAPPING_CIDR, PLB_INVALID_ADDRESS, PLB_DUPLICATE_ADDRESS, PLB_ADDRESS_OUT_OF_RANGE,
 * PLB_ADDRESS_FAMILY, PLB_NO_ADDRESS, PLB_NO_GATEWAY, PLB_INVALID_MTU, PLB_INVALID_SERVICE, PLB_INVALID_CLUSTER, PLB_LINT_IGNORE. Policies are
 * validated elsewhere.
 */
export function validateProgram(document: ProgramDocument): PlumbError[] {
  if (document.nodes.length === 0) {
    return [
      new PlumbError('PLB_NO_NODE', 'the program has no Node', {
        hint: "Make one: `new Node(app, 'name', { podCIDRs: ['10.1.0.0/24'] })`.",
      }),
    ];
  }
  return [
    ...nameErrors(document),
    ...rangeErrors(document.nodes),
    ...addressErrors(document),
    ...serviceErrors(document),
    ...clusterErrors(document.nodes),
    ...lintIgnoreErrors(document),
  ];
}
