import { describeRows } from '../plan/describe.js';
import { rulesText } from '../model/l7-text.js';
import type { Action, Phase, Step } from '../plan/plan.js';
import { hex8 } from '../state/columns.js';
import type { ListenerSpec } from '../state/state.js';
import type { Line, Sign } from './line.js';
import { rowLines } from './row-lines.js';
import { counted } from './text.js';

const SIGNS: Readonly<Record<Action, Sign>> = {
  create: '+',
  update: '~',
  replace: '±',
  delete: '-',
  commit: '*',
};

const NOUNS: Readonly<Record<string, string>> = {
  netns: 'namespace',
  'bpf-map': 'map',
  'nft-table': 'nft table',
  'bpf-program': 'program',
  'bpf-link': 'filter',
  sysctl: 'setting',
};

/** What a step is on, in a word: `table`, `version`, `route`. */
export function nounOf({ kind, key, action }: Step): string {
  if (action === 'commit') return 'commit';
  if (kind !== 'bpf-entries') return NOUNS[kind] ?? kind;
  if (key.startsWith('plumb_tables/')) return 'table';
  if (key.startsWith('plumb_refs/')) return 'version';
  if (key.startsWith('plumb_heads')) return 'head';
  return 'row';
}

/** A step's own line, and the first of its rows below it. */
export function stepLines(step: Step): Line[] {
  const sign = SIGNS[step.action];
  const { origin } = step;
  const noun = nounOf(step);
  if (noun === 'commit') return [{ sign, text: step.why }];
  if (noun === 'head') return [{ sign, text: headText(step), origin }];
  if (noun === 'table' || noun === 'version') {
    return [{ sign, text: policyText(step, noun), origin }];
  }
  if (noun === 'row') {
    const label = step.label === undefined ? '' : `  ${step.label}`;
    return [{ sign, text: `${rowCount(step)} of ${step.key}${label}`, origin }, ...rowLines(step)];
  }
  const said = [`${noun} ${step.key}`, because(step)].filter((t) => t !== '');
  return [
    { sign, text: said.join('  '), origin },
    ...noteLines(step, sign),
    ...listenerLines(step),
  ];
}

/** What the proxy lets through from now on, and what it no longer knows of. */
function listenerLines({ before, after }: Step): Line[] {
  const was = before?.kind === 'proxy' ? before.attributes.listeners : [];
  const is = after?.kind === 'proxy' ? after.attributes.listeners : [];
  const lines = (sign: Sign, these: typeof is, others: typeof is): Line[] => {
    const ids = new Set(others.map(({ id }) => id));
    return these
      .filter(({ id }) => !ids.has(id))
      .map((one) => ({ sign, depth: 1, text: listenerLine(one) }));
  };
  return [...lines('+', is, was), ...lines('-', was, is)];
}

function listenerLine(listener: ListenerSpec): string {
  const { id, direction, protocol, plugin, rules } = listener;
  return `${direction} listener ${hex8(id)}: only ${rulesText(plugin ?? protocol, protocol, rules)}`;
}

/** Why what is made, or changes, is as it is. */
function noteLines({ after, action, why }: Step, sign: Sign): Line[] {
  if (after === null || after.kind === 'bpf-entries' || after.notes === undefined) return [];
  const changed = /^differs: (.*)$/.exec(why)?.[1]?.split(', ') ?? [];
  return Object.entries(after.notes)
    .filter(([name]) => action === 'create' || changed.includes(name))
    .map(([, text]): Line => ({ sign, text, depth: 1 }));
}

// Creations of the same sort beyond this are counted; whatever takes something away is always shown.
const SHOWN_ALIKE = 12;
const SHOWN_FIRST = 8;

/** Lines of one phase, in the order of its steps. */
export function phaseLines(steps: readonly Step[], phase: Phase): Line[] {
  const lines: Line[] = [];
  const own = steps.filter((step) => step.phase === phase);
  for (let at = 0; at < own.length;) {
    const alike = runOfAlike(own, at);
    const hidden = alike.length > SHOWN_ALIKE ? alike.length - SHOWN_FIRST : 0;
    for (const step of alike.slice(0, alike.length - hidden)) lines.push(...stepLines(step));
    const [first] = alike;
    if (hidden > 0 && first !== undefined) {
      lines.push({ sign: SIGNS[first.action], text: `and ${counted(hidden, nounOf(first))} more` });
    }
    at += alike.length;
  }
  return lines;
}

function runOfAlike(steps: readonly Step[], at: number): readonly Step[] {
  const first = steps[at];
  if (first === undefined || first.action !== 'create') return steps.slice(at, at + 1);
  let end = at + 1;
  while (steps[end]?.action === 'create' && nounOf(steps[end] ?? first) === nounOf(first)) end++;
  return steps.slice(at, end);
}

/** `version deathstar a91e  ingress 4f1c -> 0b72`: its name if it has one, its hash, what it says. */
function policyText(step: Step, noun: string): string {
  const resource = step.after ?? step.before;
  const rows = resource?.kind === 'bpf-entries' ? resource : null;
  const name = [noun, rows?.label ?? '', (step.key.split('/')[1] ?? step.key).slice(0, 4)];
  const said = [name.filter((t) => t !== '').join(' '), describeRows(rows) ?? '', because(step)];
  return said.filter((t) => t !== '').join('  ');
}

function headText({ key, label, why }: Step): string {
  const which = key === 'plumb_heads/live' ? 'live head' : 'head';
  return [which, label ?? '', why.startsWith('written') ? '' : why]
    .filter((t) => t !== '')
    .join('  ');
}

/** The reason, where the sign alone does not say it. */
function because({ action, why }: Step): string {
  if (action === 'create' && why === 'not in the kernel') return '';
  if (action === 'delete' && why === 'not in the program') return '';
  return why;
}

function rowCount({ before, after }: Step): string {
  const count = (side: Step['before']): number =>
    side?.kind === 'bpf-entries' ? side.columns.count : 0;
  return counted(Math.max(count(before), count(after)), 'row');
}
