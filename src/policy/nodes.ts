import type { Identity } from '../model/identity.js';
import type { SelectorSpec } from '../model/program.js';
import { matchesSelector } from '../model/selector.js';

/** Whether somebody is a node, this one or another. */
export function isNode({ labels }: Identity): boolean {
  return Object.hasOwn(labels, 'reserved:host') || Object.hasOwn(labels, 'reserved:remote-node');
}

/** Whether a selector of nodes means somebody: a node with such labels, wherever it is asked. */
export function matchesNode(selector: SelectorSpec, identity: Identity): boolean {
  return isNode(identity) && matchesSelector(selector, identity.labels);
}
