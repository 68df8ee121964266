import { expect } from 'vitest';
import { matrixOf } from '../../src/engine/matrix.js';
import type { Compiled } from '../../src/engine/provenance.js';
import type { Matrix } from '../../src/report/matrix.js';

interface Column {
  readonly name: string;
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
}

/** `80-442/TCP` as a range; what is no range of ports is its own. */
function columnOf(name: string): Column {
  const [, first, last = first, protocol] = /^(\d+)(?:-(\d+))?\/(\w+)$/.exec(name) ?? [];
  return protocol === undefined
    ? { name, protocol: name, from: 0, to: 0 }
    : { name, protocol, from: Number(first), to: Number(last) };
}

/**
 * Two programs have the same matrix if they say the same of every port that either names. Columns may be
 * others: a rule of nobody may be gone. Names and labels of peers are left out, pods get a few from the
 * cluster.
 */
export function expectSameMatrix(before: Compiled, after: Compiled): void {
  const matrices = [matrixOf(before), matrixOf(after)];
  const points = matrices.flatMap(({ ports }) => ports.map(columnOf));
  const [first, second] = matrices.map((matrix) => saidAt(matrix, points));
  expect(second).toEqual(first);
}

function saidAt({ ports, pairs }: Matrix, points: readonly Column[]): Record<string, unknown> {
  const columns = ports.map(columnOf);
  const nameAt = ({ protocol, from }: Column): string =>
    columns.find((c) => c.protocol === protocol && c.from <= from && from <= c.to)?.name ?? 'other';
  const entries = pairs.flatMap(({ from, to, ports: allowed, filtered = {} }) =>
    points.map((point) => {
      const name = nameAt(point);
      const key = `${String(from)} > ${String(to)} ${String(point.from)}/${point.protocol}`;
      return [key, [allowed[name], filtered[name]]];
    }),
  );
  return Object.fromEntries(entries) as Record<string, unknown>;
}
