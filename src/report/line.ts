import pc from 'picocolors';
import type { Origin } from '../model/error.js';
import { originText } from './origin.js';
import { visible } from './text.js';

export type Sign = '+' | '-' | '~' | '±' | '*' | '!' | ' ';

/** One line of a report before it is laid out: what happens, to what, and where that is written. */
export interface Line {
  readonly sign: Sign;
  readonly text: string;
  readonly origin?: Origin;
  /** Said after the origin. */
  readonly note?: string;
  /** Levels below the step that it explains. */
  readonly depth?: number;
  /** Goes on in further rows where it is too long, instead of being cut. */
  readonly wrap?: true;
}

export interface LayoutOptions {
  readonly colour: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

/** Lines with their sign at `indent` and their origin in one column at the right. */
export function layOut(
  lines: readonly Line[],
  indent: number,
  { colour, width }: LayoutOptions,
): string[] {
  const c = pc.createColors(colour);
  const left = lines.map(({ sign, text, depth = 0 }) => ({
    sign,
    text: `${' '.repeat(2 * depth)}${visible(text)}`,
  }));
  const right = lines.map(({ origin, note }) =>
    [origin === undefined ? '' : originText(origin), note ?? '']
      .filter((part) => part !== '')
      .join(' '),
  );
  const widest = Math.max(0, ...right.map((text) => text.length));
  const room = Math.max(MIN_TEXT, width - indent - 2 - (widest === 0 ? 0 : widest + 2));
  const column = Math.min(room, Math.max(0, ...left.map(({ text }) => text.length)));
  return left.flatMap(({ sign, text }, i) => {
    const end = right[i] ?? '';
    const rows = lines[i]?.wrap === true ? wrapped(text, room) : [shorten(text, room)];
    return rows.map((row, n) => {
      const isLast = n === rows.length - 1;
      const said = end === '' || !isLast ? row : `${row.padEnd(column)}  ${c.dim(visible(end))}`;
      return `${' '.repeat(indent)}${paint(sign, c)(sign)} ${said}`.trimEnd();
    });
  });
}

/** Broken after commas, each row after the first as far in as the first and a little more. */
function wrapped(text: string, room: number): string[] {
  const margin = ' '.repeat((/^ */.exec(text)?.[0].length ?? 0) + 2);
  const rows: string[] = [];
  const whole = text.split(/(?<=, )/);
  const fits = (part: string): boolean => margin.length + part.trimEnd().length <= room;
  for (const part of whole.flatMap((one) => (fits(one) ? [one] : one.split(/(?<=,)/)))) {
    const last = rows.at(-1);
    if (last === undefined) rows.push(part);
    else if (last.length + part.trimEnd().length <= room) rows[rows.length - 1] = last + part;
    else rows.push(margin + part.trimStart());
  }
  return rows.map((row) => shorten(row.trimEnd(), room));
}

const MIN_TEXT = 32;

function shorten(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}

function paint(sign: Sign, c: ReturnType<typeof pc.createColors>): (text: string) => string {
  if (sign === '+') return c.green;
  if (sign === '-' || sign === '±') return c.red;
  return sign === '~' || sign === '!' ? c.yellow : c.bold;
}
