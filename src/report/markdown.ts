import type { Phase, Plan, Step } from '../plan/plan.js';
import { layOut, type Line } from './line.js';
import { phaseLines, stepLines } from './step-lines.js';
import { mapTexts, summaryText, trafficLines } from './summary.js';
import { PHASES } from './terminal.js';
import { counted, grouped, visible } from './text.js';
import type { TrafficLine } from './traffic.js';

/** GitHub refuses comments of 65,536 characters and more. */
const MOST = 65_000;
const WIDTH = 110;

/**
 * A plan as Markdown for a pull request: traffic open, steps folded, always under 65,536 characters.
 * What does not fit is counted; removals come first, so that they are the last to be left out.
 */
export function renderPlanMarkdown(plan: Plan, traffic: readonly TrafficLine[] = []): string {
  const blocks = [`### ${escape(summaryText(plan))}`];
  let room = MOST - 2_000;
  const add = (block: string): void => {
    blocks.push(block);
    room -= block.length + 2;
  };
  if (traffic.length > 0) add(`**Traffic**\n\n${code(trafficLines(traffic), room / 2)}`);
  const removals = plan.steps.filter(
    (step) => step.action === 'delete' || step.action === 'replace',
  );
  if (removals.length > 0) {
    const lines = removals.map((step): Line => stepLines(step)[0] ?? { sign: '-', text: step.key });
    add(folded(`Removed or replaced: ${grouped(removals.length)}`, code(lines, room / 2)));
  }
  for (const [i, phase] of PHASES.entries()) {
    const lines = phaseLines(plan.steps, phase);
    if (lines.length === 0) continue;
    add(folded(title(phase, plan.steps), code(lines, room / (PHASES.length - i))));
  }
  const maps = mapTexts(plan.maps);
  if (plan.steps.length > 0 && maps.length > 0) blocks.push(`Maps: ${maps.join(', ')}`);
  return `${blocks.join('\n\n')}\n`;
}

function title(phase: Phase, steps: readonly Step[]): string {
  const count = steps.filter((step) => step.phase === phase).length;
  return `${phase[0]?.toUpperCase() ?? ''}${phase.slice(1)}: ${counted(count, 'step')}`;
}

function folded(summary: string, body: string): string {
  return `<details><summary>${escape(summary)}</summary>\n\n${body}\n\n</details>`;
}

/** A code block that no line can break out of, of at most `room` characters. */
function code(lines: readonly Line[], room: number): string {
  const texts = layOut(lines, 0, { colour: false, width: WIDTH });
  const longest = Math.max(
    2,
    ...texts.flatMap((t) => (t.match(/`+/g) ?? []).map((run) => run.length)),
  );
  const fence = '`'.repeat(longest + 1);
  const kept: string[] = [];
  let left = room - 2 * fence.length - 100;
  for (const text of texts) {
    left -= text.length + 1;
    if (left < 0) break;
    kept.push(text);
  }
  const hidden = texts.length - kept.length;
  if (hidden > 0) kept.push(`! ${counted(hidden, 'line')} more, too many for a comment`);
  return `${fence}diff\n${kept.join('\n')}\n${fence}`;
}

function escape(text: string): string {
  return visible(text).replace(/[\\`*_[\]<>#|&]/g, (character) => `&#${character.charCodeAt(0)};`);
}
