import type { Matrix, MatrixPeer } from './matrix.js';
import { visible } from './text.js';

/** More than this in one picture nobody can read. */
export const MOST_PEERS = 40;

/** Ports named on an edge before the rest is counted. */
const NAMED = 4;

/**
 * Who can talk to whom as a graph in Graphviz's language: endpoints of this node as boxes, everybody else
 * as ellipses; an edge says which ports, and which in part, by rules of layer 7. Dashed: everything, for want of a policy. Undefined for more
 * peers than {@link MOST_PEERS}.
 */
export function graphOf({ node, peers, ports, pairs }: Matrix): string | undefined {
  if (peers.length > MOST_PEERS) return undefined;
  const edges = pairs.flatMap(({ from, to, ports: allowed, filtered = {}, audited = [] }) => {
    const open = ports.filter((port) => allowed[port] === true);
    if (open.length === 0 || from === to) return [];
    const isAll =
      open.length === ports.length && Object.keys(filtered).length + audited.length === 0;
    const named = open.map((port) => {
      const part = filtered[port] === undefined ? port : `${port} in part`;
      return audited.includes(port) ? `${part}, audited` : part;
    });
    const label = isAll ? '' : portsText(named);
    return [`  n${String(from)} -> n${String(to)} [${edgeStyle(isAll)}, label=${quoted(label)}];`];
  });
  return [
    `digraph ${quoted(node)} {`,
    '  graph [rankdir=LR, bgcolor="transparent", nodesep=0.35, ranksep=1.1, pad=0.2];',
    '  node [fontname="sans-serif", fontsize=11, shape=ellipse, margin="0.3,0.08"];',
    '  edge [fontname="sans-serif", fontsize=10, arrowsize=0.7];',
    ...peers.map(nodeLine),
    ...edges,
    '}',
  ].join('\n');
}

function nodeLine({ id, name, local }: MatrixPeer): string {
  const shape = local ? 'shape=box, style=rounded, class="local"' : 'shape=ellipse, class="peer"';
  return `  n${String(id)} [label=${quoted(labelOf(name))}, ${shape}];`;
}

/** A line for each label: a box as wide as all of them leaves no room for edges. */
function labelOf(name: string): string {
  return /^\{.*\}$/s.test(name) ? name.slice(1, -1).replaceAll(',', '\n') : name;
}

function edgeStyle(isAll: boolean): string {
  return isAll ? 'style=dashed, class="all"' : 'class="some"';
}

function portsText(ports: readonly string[]): string {
  const shown = ports.slice(0, NAMED).join('\n');
  return ports.length > NAMED ? `${shown}\nand ${String(ports.length - NAMED)} more` : shown;
}

function quoted(text: string): string {
  const lines = text.split('\n').map((line) => visible(line).replace(/[\\"]/g, '\\$&'));
  return `"${lines.join('\\n')}"`;
}
