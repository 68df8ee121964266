import type { Origin } from '../model/error.js';
import { warningsAmong, type Lint } from '../model/lint.js';
import type { Phase, Plan, Step } from '../plan/plan.js';
import { layOut, type Line } from './line.js';
import { lintsText, shownLints } from './lints.js';
import { originText } from './origin.js';
import { phaseLines, stepLines } from './step-lines.js';
import { mapTexts, summaryText, trafficLines } from './summary.js';
import { PHASES } from './terminal.js';
import { counted, grouped, visible } from './text.js';
import type { TrafficLine } from './traffic.js';

/** GitHub refuses comments of 65,536 characters and more. */
const MOST = 65_000;
const WIDTH = 140;

/** What a plan is told with besides. */
export interface Told {
  readonly lints?: readonly Lint[];
  /** The text of the line that something comes from. */
  readonly sourceOf?: (origin: Origin) => string | undefined;
}

const HEADINGS = { allow: 'Opens', deny: 'Closes', change: 'Is judged otherwise' } as const;

/**
 * A plan as Markdown for a pull request: what opens and what closes, with the text of the lines that do
 * it, and lints; steps folded; always under 65,536 characters. What does not fit is counted; removals
 * come first, so that they are the last to be left out.
 */
export function renderPlanMarkdown(
  plan: Plan,
  traffic: readonly TrafficLine[] = [],
  { lints = [], sourceOf = () => undefined }: Told = {},
): string {
  const blocks = [`### ${escape(summaryText(plan))}`];
  let room = MOST - 3_000;
  const add = (block: string): void => {
    blocks.push(block);
    room -= block.length + 2;
  };
  for (const change of ['deny', 'allow', 'change'] as const) {
    const own = traffic.filter((line) => line.change === change);
    if (own.length === 0) continue;
    add(`**${HEADINGS[change]}**\n\n${code(withSources(own, sourceOf), room / 3)}`);
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

/** Below the lines of the same rules what is written there, unless that is the program before. */
function withSources(
  traffic: readonly TrafficLine[],
  sourceOf: NonNullable<Told['sourceOf']>,
): Line[] {
  const byCause = new Map<string, TrafficLine[]>();
  for (const line of traffic) {
    const text = (line.causes ?? []).map(({ origin }) => originText(origin)).join(' ');
    byCause.set(text, [...(byCause.get(text) ?? []), line]);
  }
  return [...byCause.values()].flatMap((lines): Line[] => {
    const written = (lines[0]?.causes ?? []).filter(({ isGone }) => isGone !== true);
    const said = written.flatMap(({ origin }): Line[] => {
      const source = sourceOf(origin);
      return source === undefined
        ? []
        : [{ sign: ' ', text: `${String(origin.line ?? '')} | ${source}`, depth: 1 }];
    });
    return [...trafficLines(lines), ...said];
  });
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
