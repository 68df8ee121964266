import Table from 'cli-table3';
import pc from 'picocolors';

/** One thing that plumb asks of a kernel, and what this one answers. */
export interface Probe {
  readonly feature: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do about it when it is not there. */
  readonly hint: string;
  /** What alone needs it; absent: nothing works without. */
  readonly only?: string;
}

export function renderProbes(probes: readonly Probe[], options: { colour: boolean }): string {
  const c = pc.createColors(options.colour);
  const table = new Table({
    style: { head: [], border: [], compact: true },
    head: ['', 'feature', 'detail'],
  });
  for (const probe of probes) {
    table.push([
      probe.ok ? c.green('ok') : probe.only === undefined ? c.red('no') : c.yellow('no'),
      probe.feature,
      probe.ok ? probe.detail : `${probe.detail}${needs(probe)}\n${probe.hint}`,
    ]);
  }
  return table.toString();
}

function needs({ only }: Probe): string {
  return only === undefined ? '' : `, which only ${only} would need`;
}
