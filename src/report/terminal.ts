import pc from 'picocolors';
import type { Lint } from '../model/lint.js';
import type { Phase, Plan } from '../plan/plan.js';
import { layOut, type LayoutOptions } from './line.js';
import { renderLints } from './lints.js';
import { phaseLines } from './step-lines.js';
import { mapTexts, summaryText, trafficLines } from './summary.js';
import type { TrafficLine } from './traffic.js';

export const PHASES: readonly Phase[] = ['stage', 'commit', 'retire'];

/** Columns that the names of the phases take. */
const MARGIN = 9;

/** What a plan does, for a terminal: summary, traffic, lints, steps by phase, maps. No line feed at the end. */
export function renderPlan(
  plan: Plan,
  traffic: readonly TrafficLine[] = [],
  options: LayoutOptions = { colour: false, width: 100 },
  lints: readonly Lint[] = [],
): string {
  const c = pc.createColors(options.colour);
  const blocks = [c.bold(summaryText(plan))];
  if (traffic.length > 0) {
    blocks.push([c.bold('traffic'), ...layOut(trafficLines(traffic), 2, options)].join('\n'));
  }
  blocks.push(renderLints(lints, options));
  const byPhase = PHASES.map((phase) => ({ phase, lines: phaseLines(plan.steps, phase) }));
  const phases = layOut(
    byPhase.flatMap(({ lines }) => lines),
    MARGIN,
    options,
  );
  let first = 0;
  for (const { phase, lines } of byPhase) {
    if (lines.length > 0) phases[first] = titled(phase, phases[first] ?? '', c.bold);
    first += lines.length;
  }
  if (phases.length > 0) {
    blocks.push(phases.join('\n'));
    const maps = wrap(mapTexts(plan.maps), options.width - MARGIN);
    blocks.push(
      maps
        .map((line, i) => (i === 0 ? titled('maps', indent(line), c.bold) : indent(line)))
        .join('\n'),
    );
  }
  return blocks.filter((block) => block !== '').join('\n\n');
}

function titled(title: string, line: string, paint: (text: string) => string): string {
  return `${paint(title)}${' '.repeat(MARGIN - title.length)}${line.slice(MARGIN)}`;
}

function indent(text: string): string {
  return `${' '.repeat(MARGIN)}${text}`;
}

function wrap(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    const longer = `${last ?? ''}   ${part}`;
    if (last !== undefined && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}
