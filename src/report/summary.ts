import type { MapUse, Plan } from '../plan/plan.js';
import { whyText, type TrafficLine } from './traffic.js';
import type { Line } from './line.js';
import { grouped } from './text.js';

/** `hoth: 3 to add, 2 to change, 1 to remove; one commit, no interruption`. */
export function summaryText({ node, summary, steps }: Plan): string {
  if (steps.length === 0) return `${node}: nothing to change`;
  const { add, change, remove } = summary;
  const counts = `${grouped(add)} to add, ${grouped(change)} to change, ${grouped(remove)} to remove`;
  const flips = steps.some((step) => step.flip === true);
  const raises = steps.some((step) => step.action === 'commit');
  const commit = flips ? ['one commit'] : raises ? ['same policy'] : [];
  return `${node}: ${counts}; ${[...commit, interruption(steps)].join(', ')}`;
}

function interruption(steps: Plan['steps']): string {
  const links = steps.filter((step) => step.kind === 'link' && step.action === 'replace');
  if (links.length === 0) return 'no interruption';
  const names = links.slice(0, 3).map((step) => step.key);
  const more = links.length > 3 ? ` and ${grouped(links.length - 3)} more` : '';
  return `interrupts ${names.join(', ')}${more}`;
}

/** Columns that both ends and the ports may take before they get a line each. */
const ONE_LINE = 64;
/** Columns of a reason that stands beside them. */
const LONG_NOTE = 48;

export function trafficLines(traffic: readonly TrafficLine[]): Line[] {
  const short = traffic.filter((line) => wide(line) <= ONE_LINE);
  const column = Math.max(0, ...short.map(({ from, to }) => `${from} -> ${to}`.length));
  return traffic.flatMap((line): Line[] => {
    const { change, from, to, what } = line;
    const sign = change === 'allow' ? '+' : change === 'deny' ? '-' : '~';
    const note = whyText(line);
    const said = note === '' || note.length > LONG_NOTE ? {} : { note };
    const more: Line[] =
      note.length > LONG_NOTE ? [{ sign, text: note, depth: 1, wrap: true }] : [];
    if (wide(line) <= ONE_LINE) {
      return [{ sign, text: `${`${from} -> ${to}`.padEnd(column)}   ${what}`, ...said }, ...more];
    }
    return [
      { sign, text: from, wrap: true },
      { sign, text: `-> ${to}`, depth: 1, wrap: true },
      { sign, text: what, depth: 1, wrap: true, ...said },
      ...more,
    ];
  });
}

function wide({ from, to, what }: TrafficLine): number {
  return `${from} -> ${to}   ${what}`.length;
}

/** `refs 14/65,536` for each map. */
export function mapTexts(maps: Readonly<Record<string, MapUse>>): string[] {
  return Object.entries(maps).map(
    ([name, { used, max }]) => `${name.replace(/^plumb_/, '')} ${grouped(used)}/${grouped(max)}`,
  );
}
