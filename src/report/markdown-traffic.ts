import type { Origin } from '../model/error.js';
import { fitting } from './markdown-code.js';
import { originText } from './origin.js';
import { grouped, visible } from './text.js';
import { whyText, type TrafficCause, type TrafficLine } from './traffic.js';

const SIGNS = { allow: '+', deny: '-', change: '~' } as const;
const VERBS = { deny: 'close', allow: 'open', change: 'be judged otherwise' } as const;

/** `2 close, 1 opens, 3 are judged otherwise`. */
export function countsText(traffic: readonly TrafficLine[]): string {
  const count = (change: TrafficLine['change']): number =>
    traffic.filter((line) => line.change === change).length;
  const texts = [
    [count('deny'), 'closes', 'close'],
    [count('allow'), 'opens', 'open'],
    [count('change'), 'is judged otherwise', 'are judged otherwise'],
  ] as const;
  return texts
    .filter(([number]) => number > 0)
    .map(([number, one, more]) => `${grouped(number)} ${number === 1 ? one : more}`)
    .join(', ');
}

/** The text of the line that something comes from; undefined where it is not known. */
export type SourceText = (origin: Origin) => string | undefined;

/**
 * Connections below the lines that do it to them, with what is written there, or was in the program before.
 * What does not fit is summed up: how many, and from whom.
 */
export function trafficTexts(
  traffic: readonly TrafficLine[],
  { now, before }: { readonly now: SourceText; readonly before: SourceText },
  room: number,
): string[] {
  const byWhy = new Map<string, TrafficLine[]>();
  for (const line of traffic) {
    const why = whyText({ ...line, causes: (line.causes ?? []).map(saying) });
    byWhy.set(why, [...(byWhy.get(why) ?? []), line]);
  }
  const texts: string[] = [];
  const of: (TrafficLine | undefined)[] = [];
  for (const [why, lines] of byWhy) {
    const heads = [`@@ ${why === '' ? 'for reasons that no program tells' : why} @@`];
    for (const { origin, isGone } of lines[0]?.causes ?? []) {
      const source = isGone === true ? before(origin) : now(origin);
      if (source !== undefined) heads.push(`  ${originText(origin)} | ${cut(source)}`);
    }
    for (const head of heads) of[texts.push(visible(head)) - 1] = undefined;
    for (const line of lines) {
      const { change, from, to, what } = line;
      of[texts.push(visible(`${SIGNS[change]} ${from} -> ${to}   ${what}`)) - 1] = line;
    }
  }
  const shown = fitting(texts, room);
  if (shown === texts.length) return texts;
  return [...texts.slice(0, shown), `! ${restText(of.slice(shown))}`];
}

function saying(cause: TrafficCause): TrafficCause {
  return { ...cause, does: cause.does ?? 'allows it' };
}

/** Columns of a line of the program. */
const SOURCE = 120;

function cut(text: string): string {
  return text.length <= SOURCE ? text : `${text.slice(0, SOURCE - 1)}…`;
}

/** Ends named where traffic is only counted, and the letters of each. */
const NAMED = 3;
const LETTERS = 60;

/** `and 1,204 more close, from {app=a}, {app=b} and 3 others`. */
function restText(rest: readonly (TrafficLine | undefined)[]): string {
  const lines = rest.flatMap((line) => line ?? []);
  const [first] = lines;
  if (first === undefined) return 'and nothing more';
  const froms = [...new Set(lines.map(({ from }) => visible(from)))];
  const named = froms
    .slice(0, NAMED)
    .map((from) => (from.length <= LETTERS ? from : `${from.slice(0, LETTERS - 1)}…`));
  const others = froms.length - named.length;
  const more = others > 0 ? ` and ${grouped(others)} others` : '';
  const verb = lines.length === 1 ? 'is to' : 'are to';
  return `and ${grouped(lines.length)} more ${verb} ${VERBS[first.change]}, from ${named.join(', ')}${more}`;
}
