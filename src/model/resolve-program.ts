import { groupErrors, withoutGroups } from './cidr-groups.js';
import { withCidrLabels } from './cidr-label.js';
import type { PlumbError } from './error.js';
import { canonicalSources } from './label-source.js';
import type { ProgramDocument } from './program.js';
import { servicePeerErrors, withoutServicePeers } from './service-peers.js';
import { validateProgram } from './validate-program.js';

/**
 * What is wrong with a document but for its policies: {@link validateProgram}, and rules that name groups
 * or services that there are not.
 */
export function documentErrors(document: ProgramDocument): PlumbError[] {
  return [...validateProgram(document), ...groupErrors(document), ...servicePeerErrors(document)];
}

/** The document in the words that policy is compiled from: names of groups and services become peers. */
export function resolveProgram(document: ProgramDocument): ProgramDocument {
  return withCidrLabels(withoutServicePeers(withoutGroups(canonicalSources(document))));
}
