import type { Endpoint } from '../../constructs/endpoint.js';
import type { Group } from '../../constructs/group.js';
import type { Node } from '../../constructs/node.js';
import type { Service } from '../../constructs/service.js';
import type { Compiled } from '../engine/provenance.js';
import { canonicalSelector } from '../model/label-source.js';
import type { SelectorSpec } from '../model/program.js';
import { matchesSelector } from '../model/selector.js';

/** Who is at an end of a connection: a construct, or who it is in words. */
export type End = string | Endpoint | Group | Node | Service;

/**
 * In words, each of them.
 * @throws TypeError for a group that is nobody, or a node without addresses: a test of it could not fail
 */
export function endsOf(end: End, { document, node }: Compiled): string[] {
  if (typeof end === 'string') return [end];
  if ('netns' in end) return [end.name];
  if ('podCIDRs' in end) {
    if (end.name === node.name) return ['host'];
    const [address = end.gateways[0]] = end.addresses;
    if (address !== undefined) return [address];
    throw new TypeError(`node ${end.name} has no address`);
  }
  if ('selector' in end) return membersOf(end.selector, end.node.path, document);
  return [end.name];
}

function membersOf(
  selector: SelectorSpec,
  path: string,
  { endpoints }: Compiled['document'],
): string[] {
  const wanted = canonicalSelector(selector);
  const members = endpoints.filter(({ labels }) => matchesSelector(wanted, labels));
  if (members.length > 0) return members.map(({ name }) => name);
  throw new TypeError(`no endpoint is in ${path}`);
}
