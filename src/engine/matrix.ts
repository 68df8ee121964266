import type { Where } from '../engine.js';
import { RESERVED } from '../model/identity.js';
import { listenerText } from '../model/l7-text.js';
import { rangeText } from '../model/port.js';
import type { CompiledPolicy } from '../policy/compiled.js';
import type { Matrix, MatrixPair, MatrixPeer } from '../report/matrix.js';
import { columnsOf } from '../verdict/columns.js';
import { decide, type Decision, type Side } from '../verdict/decide.js';
import { UNNAMED } from '../verdict/segments.js';
import { synthesize } from './desired.js';
import { appliedProgram } from './explain.js';
import { peersOf } from './matrix-peers.js';
import type { Compiled } from './provenance.js';

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

/** Every pair of peers, at one port of each range that no table tells apart. */
export function matrixOf(compiled: Compiled): Matrix {
  const { node, policy } = compiled;
  const peers = peersOf(compiled);
  const columns = [
    ...columnsOf(policy).map((range) => ({ name: rangeText(range), ...range })),
    { name: 'other', protocol: UNNAMED, from: 0 },
  ];
  const pairs = peers.flatMap((from) =>
    peers
      .filter((to) => from.local || to.local)
      .map((to): MatrixPair => {
        const decided = columns.map(({ name, protocol, from: port }) => {
          const decision = decide(policy, sideOf(from, policy), sideOf(to, policy), protocol, port);
          return { name, decision, only: filterText(decision, policy) };
        });
        const filtered = decided.filter(({ decision, only }) => decision.allowed && only !== '');
        const audited = decided.filter(({ decision }) => isOnlyAudited(decision));
        return {
          from: from.id,
          to: to.id,
          ports: Object.fromEntries(decided.map(({ name, decision }) => [name, decision.allowed])),
          ...(filtered.length === 0
            ? {}
            : { filtered: Object.fromEntries(filtered.map(({ name, only }) => [name, only])) }),
          ...(audited.length === 0 ? {} : { audited: audited.map(({ name }) => name) }),
        };
      }),
  );
  return { version: 1, node: node.name, peers, ports: columns.map(({ name }) => name), pairs };
}

/** Of endpoints with one identity all must be audited: else some connection is not let through. */
function sideOf({ id, local }: MatrixPeer, { audits }: CompiledPolicy): Side {
  const own = [...(audits?.get(id)?.values() ?? [])];
  const isAudited = own.length > 0 && own.every((one) => one);
  // A policy about the node itself is looked up by who it is.
  return { identity: id, isLocal: local && id !== RESERVED.host, isAudited };
}

function isOnlyAudited({ allowed, egress, ingress }: Decision): boolean {
  return allowed && [egress, ingress].some((verdict) => verdict?.audited !== undefined);
}

/** What both sides' rules of layer 7 let through; empty where none filters. */
function filterText({ egress, ingress }: Decision, { listeners }: CompiledPolicy): string {
  const texts = [egress, ingress].flatMap((verdict) => {
    const listener = listeners.get(verdict?.entry?.listener ?? 0);
    return listener === undefined || verdict?.audited !== undefined ? [] : [listenerText(listener)];
  });
  return texts.join(', and of that ');
}
