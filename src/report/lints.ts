import pc from 'picocolors';
import type { Lint } from '../model/lint.js';
import type { LayoutOptions } from './line.js';
import { originText } from './origin.js';
import { counted, visible } from './text.js';

/** Those that the program does not silence. */
export function shownLints(lints: readonly Lint[]): Lint[] {
  return lints.filter(({ ignored }) => ignored === undefined);
}

/** `2 warnings, 1 note; 1 silenced`; empty for none. */
export function lintsText(lints: readonly Lint[]): string {
  const shown = shownLints(lints);
  const count = (severity: Lint['severity']): string[] => {
    const many = shown.filter((lint) => lint.severity === severity).length;
    return many === 0 ? [] : [counted(many, severity)];
  };
  const silenced = lints.length - shown.length;
  const said = [...count('warning'), ...count('note')].join(', ');
  return [said, silenced === 0 ? '' : `${counted(silenced, 'lint')} silenced`]
    .filter((part) => part !== '')
    .join('; ');
}

/** Lints of one code that are shown. */
const SHOWN_ALIKE = 5;

function firstOfEach(lints: readonly Lint[]): Lint[] {
  const seen = new Map<string, number>();
  return lints.filter(({ code }) => {
    const before = seen.get(code) ?? 0;
    seen.set(code, before + 1);
    return before < SHOWN_ALIKE;
  });
}

/** Lints with their places, their codes and what to do, many of one code cut; empty for none. */
export function renderLints(lints: readonly Lint[], { colour, width }: LayoutOptions): string {
  if (lints.length === 0) return '';
  const c = pc.createColors(colour);
  const shown = shownLints(lints);
  const first = firstOfEach(shown);
  const blocks = first.map(({ code, severity, message, origin, hint }) => {
    const paint = severity === 'warning' ? c.yellow : c.cyan;
    const head = `${severity} ${code}  ${visible(originText(origin))}`;
    const lines = [...wrap(visible(message), width - 4), ...wrap(`-> ${visible(hint)}`, width - 4)];
    return [`  ${paint(head)}`, ...lines.map((line) => `    ${line}`)].join('\n');
  });
  const hidden = shown.length - first.length;
  const more = hidden === 0 ? [] : [`  and ${counted(hidden, 'lint')} more; --json has all`];
  return [`${c.bold('lints')}  ${lintsText(lints)}`, ...blocks, ...more].join('\n');
}

/** Lines of at most `width` columns, broken at spaces. */
function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
