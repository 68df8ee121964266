import { warningsAmong, type Lint } from '../model/lint.js';
import type { Phase, Plan, Step } from '../plan/plan.js';
import { layOut, type Line } from './line.js';
import { lintsText, shownLints } from './lints.js';
import { fenced, fitting } from './markdown-code.js';
import { countsText, trafficTexts, type SourceText } from './markdown-traffic.js';
import { nounOf, phaseLines, stepLines } from './step-lines.js';
import { mapTexts, summaryText } from './summary.js';
import { PHASES } from './terminal.js';
import { counted, grouped, visible } from './text.js';
import type { TrafficLine } from './traffic.js';

/** GitHub refuses comments of 65,536 characters and more. */
const MOST = 65_000;
const WIDTH = 110;

/** What a plan is told with besides. */
export interface Told {
  readonly lints?: readonly Lint[];
  /** Lines of the program, and of the one before where that is at hand. */
  readonly sourceOf?: SourceText;
  readonly formerSourceOf?: SourceText;
}

const unknown = (): undefined => undefined;

const HEADINGS = { allow: 'Opens', deny: 'Closes', change: 'Is judged otherwise' } as const;

/**
 * A plan as Markdown for a pull request: what opens and what closes, with the text of the lines that do
 * it, and lints; steps folded; always under 65,536 characters. What does not fit is counted; removals
 * come first, so that they are the last to be left out.
 */
export function renderPlanMarkdown(
  plan: Plan,
  traffic: readonly TrafficLine[] = [],
  { lints = [], sourceOf = unknown, formerSourceOf = unknown }: Told = {},
): string {
  const blocks = [`### ${escape(summaryText(plan))}`];
  const sources = { now: sourceOf, before: formerSourceOf };
  let room = MOST - 3_000;
  const add = (block: string): void => {
    blocks.push(block);
    room -= block.length + 2;
  };
  if (traffic.length > 0) add(`Traffic: ${countsText(traffic)}.`);
  for (const change of ['deny', 'allow', 'change'] as const) {
    const own = traffic.filter((line) => line.change === change);
    if (own.length === 0) continue;
    add(`**${HEADINGS[change]}**\n\n${fenced(trafficTexts(own, sources, room / 3))}`);
  }
  if (traffic.length === 0 && plan.steps.length > 0) {
    add('**No connection is judged otherwise than before.**');
  }
  if (lints.length > 0) {
    const body = code(shownLints(lints).flatMap(lintLines), room / 4);
    add(folded(`Lints: ${lintsText(lints)}`, body, warningsAmong(lints).length > 0));
  }
  const removals = plan.steps.filter(
    (step) => step.action === 'delete' || step.action === 'replace',
  );
  if (removals.length > 0) {
    const lines = removals.map((step): Line => stepLines(step)[0] ?? { sign: '-', text: step.key });
    const body = code(lines, room / 2, (hidden) => removedText(removals.slice(-hidden)));
    add(folded(`Removed or replaced: ${grouped(removals.length)}`, body));
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

function lintLines({ severity, code: name, message, origin, hint }: Lint): Line[] {
  const sign = severity === 'warning' ? '!' : ' ';
  return [
    { sign, text: name, origin },
    { sign, text: message, depth: 1 },
    { sign: ' ', text: hint, depth: 1 },
  ];
}

function title(phase: Phase, steps: readonly Step[]): string {
  const count = steps.filter((step) => step.phase === phase).length;
  return `${phase[0]?.toUpperCase() ?? ''}${phase.slice(1)}: ${counted(count, 'step')}`;
}

function folded(summary: string, body: string, isOpen = false): string {
  return `<details${isOpen ? ' open' : ''}><summary>${escape(summary)}</summary>\n\n${body}\n\n</details>`;
}

/** What a cut leaves out of removals, by sort. */
function removedText(removals: readonly Step[]): string {
  const counts = new Map<string, number>();
  for (const step of removals) counts.set(nounOf(step), (counts.get(nounOf(step)) ?? 0) + 1);
  const sorts = [...counts].map(([noun, count]) => counted(count, noun));
  return `and ${grouped(removals.length)} more: ${sorts.join(', ')}`;
}

/** A code block of at most `room` characters, with what is said of so many lines that it leaves out. */
function code(
  lines: readonly Line[],
  room: number,
  left = (hidden: number): string => `${counted(hidden, 'line')} more, too many for a comment`,
): string {
  const texts = layOut(lines, 0, { colour: false, width: WIDTH });
  const kept = texts.slice(0, fitting(texts, room));
  const hidden = texts.length - kept.length;
  return fenced(hidden === 0 ? kept : [...kept, `! ${left(hidden)}`]);
}

function escape(text: string): string {
  return visible(text).replace(/[\\`*_[\]<>#|&]/g, (character) => `&#${character.charCodeAt(0)};`);
}
