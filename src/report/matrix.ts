import Table from 'cli-table3';
import pc from 'picocolors';
import type { Labels } from '../model/program.js';
import { visible } from './text.js';

/** Who can be at an end of a connection. `id` is the identity's number on this node. */
export interface MatrixPeer {
  readonly id: number;
  /** `prefixes` are addresses outside, `names` those that the DNS gives, `nodes` other nodes. */
  readonly kind: 'endpoints' | 'nodes' | 'prefixes' | 'names' | 'reserved';
  /** `{org=empire}`, `host`, `world-ipv4`, `192.0.2.0/24`, `api.example.com (IPv4)`, `node b`. */
  readonly name: string;
  /** Names of the endpoints that it is, on whatever node. */
  readonly endpoints?: readonly string[];
  readonly nodes?: readonly string[];
  /** Addresses as far as no longer prefix of another peer has them. */
  readonly prefixes?: readonly string[];
  readonly names?: readonly string[];
  readonly labels: Labels;
  /** Whether it is judged here: it has an endpoint on this node, or is the node, which a policy is about. */
  readonly local: boolean;
}

/** `ports` has every column of the matrix: `true` where a new connection is allowed. */
export interface MatrixPair {
  readonly from: number;
  readonly to: number;
  readonly ports: Readonly<Record<string, boolean>>;
  /** What rules of layer 7 let through, for columns where they filter; absent where none does. */
  readonly filtered?: Readonly<Record<string, string>>;
  /** Columns that pass only because a policy is audited that denies them; absent for none. */
  readonly audited?: readonly string[];
}

/**
 * Who can talk to whom: the document of `plumb matrix --json`. Peers by number, pairs by from and to;
 * pairs without a local end are left out, since this node judges none of them. A range of ports is split
 * where any verdict changes, so that one answer holds for all of it; `other` is all that is in no column.
 */
export interface Matrix {
  readonly version: 1;
  readonly node: string;
  readonly peers: readonly MatrixPeer[];
  readonly ports: readonly string[];
  readonly pairs: readonly MatrixPair[];
}

/** A table for a terminal: a row for each pair, a column for each range of ports. */
export function renderMatrix(
  { peers, ports, pairs }: Matrix,
  { colour }: { readonly colour: boolean },
): string {
  const c = pc.createColors(colour);
  const names = new Map(peers.map((peer) => [peer.id, visible(longName(peer))]));
  const table = new Table({
    head: ['from', 'to', ...ports].map((name) => c.bold(name)),
    chars: LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  for (const pair of pairs) {
    const cells = ports.map((port) => {
      const text = visible(cellOf(pair, port));
      return pair.ports[port] === true ? c.green(text) : c.red(text);
    });
    table.push([names.get(pair.from) ?? '', names.get(pair.to) ?? '', ...cells]);
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Columns alone, as other commands print them. */
const LINES = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid']
    .flatMap((side) => [side, `${side}-left`, `${side}-mid`, `${side}-right`])
    .concat('middle')
    .map((part): [string, string] => [part, '']),
);

/** An identity with the names of its endpoints. */
function longName({ name, endpoints = [] }: MatrixPeer): string {
  if (endpoints.length === 0) return name;
  const more = endpoints.length > SHOWN ? ` and ${String(endpoints.length - SHOWN)} more` : '';
  return `${name} ${endpoints.slice(0, SHOWN).join(', ')}${more}`;
}

/** Endpoints named before the rest is counted. */
const SHOWN = 3;

/** A table of Markdown: a row for each pair, a column for each range of ports. */
export function renderMatrixMarkdown({ peers, ports, pairs }: Matrix): string {
  const names = new Map(peers.map((peer) => [peer.id, escape(longName(peer))]));
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const head = ['from', 'to', ...ports];
  return [
    row(head),
    row(head.map(() => '---')),
    ...pairs.map((pair) =>
      row([
        names.get(pair.from) ?? '',
        names.get(pair.to) ?? '',
        ...ports.map((port) => escape(cellOf(pair, port))),
      ]),
    ),
  ].join('\n');
}

function cellOf({ ports, filtered = {}, audited = [] }: MatrixPair, port: string): string {
  if (ports[port] !== true) return 'no';
  const only = filtered[port];
  const what = only === undefined ? 'yes' : `only ${only}`;
  return audited.includes(port) ? `${what}, audited` : what;
}

function escape(text: string): string {
  return visible(text).replace(
    /[\\`*_[\]<>#|&]/g,
    (character) => `&#${String(character.charCodeAt(0))};`,
  );
}
