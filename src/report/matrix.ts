import type { Labels } from '../model/program.js';
import { visible } from './text.js';

/** Who can be at an end of a connection. `id` is the identity's number on this node. */
export interface MatrixPeer {
  readonly id: number;
  /** `{org=empire}`, `host`, `world-ipv4`. */
  readonly name: string;
  readonly labels: Labels;
  /** Whether it has an endpoint on this node, whose policy is judged here. */
  readonly local: boolean;
}

/** `ports` has every column of the matrix: `true` where a new connection is allowed. */
export interface MatrixPair {
  readonly from: number;
  readonly to: number;
  readonly ports: Readonly<Record<string, boolean>>;
  /** What rules of layer 7 let through, for columns where they filter; absent where none does. */
  readonly filtered?: Readonly<Record<string, string>>;
}

/**
 * Who can talk to whom: the document of `plumb matrix --json`. Peers by number, pairs by from and to;
 * pairs without a local end are left out, since this node judges none of them. A range of ports is split
 * where another begins or ends, so that one answer holds for all of it; `other` is all that no rule
 * names. World means addresses that no rule names by a prefix.
 */
export interface Matrix {
  readonly version: 1;
  readonly node: string;
  readonly peers: readonly MatrixPeer[];
  readonly ports: readonly string[];
  readonly pairs: readonly MatrixPair[];
}

/** A table of Markdown: a row for each pair, a column for each range of ports. */
export function renderMatrixMarkdown({ peers, ports, pairs }: Matrix): string {
  const names = new Map(peers.map(({ id, name }) => [id, escape(name)]));
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const head = ['from', 'to', ...ports];
  return [
    row(head),
    row(head.map(() => '---')),
    ...pairs.map((pair) =>
      row([
        names.get(pair.from) ?? '',
        names.get(pair.to) ?? '',
        ...ports.map((port) => cellOf(pair, port)),
      ]),
    ),
  ].join('\n');
}

function cellOf({ ports, filtered = {} }: MatrixPair, port: string): string {
  if (ports[port] !== true) return 'no';
  const only = filtered[port];
  return only === undefined ? 'yes' : `only ${escape(only)}`;
}

function escape(text: string): string {
  return visible(text).replace(
    /[\\`*_[\]<>#|&]/g,
    (character) => `&#${String(character.charCodeAt(0))};`,
  );
}
