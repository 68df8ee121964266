import type { Where } from '../engine.js';
import { RESERVED } from '../model/identity.js';
import { listenerText } from '../model/l7-text.js';
import { PROTOCOLS, rangesOf, rangeText, type PortRange } from '../model/port.js';
import type { PolicySpec } from '../model/program.js';
import type { CompiledPolicy } from '../policy/compiled.js';
import type { Matrix, MatrixPair, MatrixPeer } from '../report/matrix.js';
import { decide, type Decision } from '../verdict/decide.js';
import { synthesize } from './desired.js';
import { appliedProgram } from './explain.js';
import { identityText } from './labels.js';
import { labelsById, type Compiled } from './provenance.js';

export interface MatrixOptions extends Where {
  readonly node?: string | undefined;
  /** The applied program by default. */
  readonly program?: string | undefined;
  /** A file or directory of manifests, or `-`, instead of a program. */
  readonly manifests?: string | undefined;
}

/** @throws PlumbError PLB_NOTHING_APPLIED, or whatever is wrong with the program. */
export async function matrix(options: MatrixOptions): Promise<Matrix> {
  const { program, manifests } = options;
  const isApplied = program === undefined && manifests === undefined;
  return matrixOf(
    isApplied ? await appliedProgram(options) : await synthesize(program ?? '', options),
  );
}

/** Every pair of peers, at one port of each range that all rules treat alike. */
export function matrixOf(compiled: Compiled): Matrix {
  const { document, node, policy } = compiled;
  const peers = peersOf(compiled);
  const ranges = segments(document.policies);
  const columns = [
    ...ranges.map((range) => ({ name: rangeText(range), ...range })),
    { name: 'other', protocol: UNNAMED, from: 0 },
  ];
  const side = ({ id, local }: MatrixPeer) => ({ identity: id, isLocal: local });
  const pairs = peers.flatMap((from) =>
    peers
      .filter((to) => from.local || to.local)
      .map((to): MatrixPair => {
        const decided = columns.map(({ name, protocol, from: port }) => {
          const decision = decide(policy, side(from), side(to), protocol, port);
          return { name, allowed: decision.allowed, only: filterText(decision, policy) };
        });
        const filtered = decided.filter(({ allowed, only }) => allowed && only !== '');
        return {
          from: from.id,
          to: to.id,
          ports: Object.fromEntries(decided.map(({ name, allowed }) => [name, allowed])),
          ...(filtered.length === 0
            ? {}
            : { filtered: Object.fromEntries(filtered.map(({ name, only }) => [name, only])) }),
        };
      }),
  );
  return { version: 1, node: node.name, peers, ports: columns.map(({ name }) => name), pairs };
}

/** What both sides' rules of layer 7 let through; empty where none filters. */
function filterText({ egress, ingress }: Decision, { listeners }: CompiledPolicy): string {
  const texts = [egress, ingress].flatMap((verdict) => {
    const listener = listeners.get(verdict?.entry?.listener ?? 0);
    return listener === undefined || verdict?.audited !== undefined ? [] : [listenerText(listener)];
  });
  return texts.join(', and of that ');
}

/** A protocol that no rule can name: entries hold 8 bits. */
const UNNAMED = 256;

function peersOf(compiled: Compiled): MatrixPeer[] {
  const { document, allocation, policy } = compiled;
  const labels = labelsById(compiled);
  const ids = new Set(document.endpoints.map((endpoint) => allocation.idOf(endpoint.labels)));
  const known = [...ids].map((id): MatrixPeer => {
    const own = labels.get(id);
    return { id, name: identityText(id, own), labels: own ?? {}, local: policy.policySets.has(id) };
  });
  const world = (prefix: string, id: number): number =>
    policy.prefixes.find((p) => p.prefix === prefix)?.identity ?? id;
  const outside = [
    { name: 'host', id: RESERVED.host },
    { name: 'world-ipv4', id: world('0.0.0.0/0', RESERVED['world-ipv4']) },
    { name: 'world-ipv6', id: world('::/0', RESERVED['world-ipv6']) },
  ].map(({ name, id }): MatrixPeer => ({ id, name, labels: labels.get(id) ?? {}, local: false }));
  return [...outside, ...known].sort((a, b) => a.id - b.id);
}

/** The ranges that rules name, split where any of them begins or ends. */
function segments(policies: readonly PolicySpec[]): PortRange[] {
  const named = policies
    .flatMap(({ ingress = [], ingressDeny = [], egress = [], egressDeny = [] }) => [
      ...[...ingress, ...ingressDeny, ...egress, ...egressDeny],
    ])
    .flatMap(rangesOf)
    .filter(({ protocol }) => protocol !== PROTOCOLS.ANY);
  const protocols = [...new Set(named.map(({ protocol }) => protocol))].sort((a, b) => a - b);
  return protocols.flatMap((protocol) => {
    const own = named.filter((range) => range.protocol === protocol);
    const edges = [...new Set(own.flatMap(({ from, to }) => [from, to + 1]))].sort((a, b) => a - b);
    return edges
      .map((from, i) => ({ protocol, from, to: (edges[i + 1] ?? from) - 1 }))
      .filter(({ from, to }) => own.some((range) => range.from <= from && to <= range.to))
      .filter(({ from, to }) => from <= to);
  });
}
