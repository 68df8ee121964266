import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { manifestsBelow } from '../../scripts/import-table.js';
import { CILIUM, GROUP, KUBERNETES, NAMING, TIERS, WORKLOADS } from './documents.js';

export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };

/** A document to mangle, with those that it needs beside it. */
export interface Seed {
  readonly text: string;
  readonly value: Value;
  readonly beside: readonly string[];
}

/** What must come of a mangled document besides words for users, if it is refused. */
export type Oracle = 'refused or read' | 'refused' | 'refused or another';

export interface Case {
  readonly seed: Seed;
  readonly texts: readonly string[];
  readonly oracle: Oracle;
  /** What was done to the document, for whoever reads of a failure. */
  readonly what: string;
}

const CORPUS = join(import.meta.dirname, '../../../shared/corpus/cilium');

/** Each document of ours with the others of its text, and those of Cilium where they are. */
export function seeds(): Seed[] {
  const ours = [CILIUM, KUBERNETES, TIERS, GROUP].flatMap((text) => seedsOf(text, []));
  const workloads = seedsOf(WORKLOADS, WORKLOADS.split('---\n'));
  const shop = WORKLOADS.split('---\n').filter((text) => text.includes('kind: Service'));
  const naming = seedsOf(NAMING, [...shop, GROUP, ...NAMING.split('---\n')]);
  const found = existsSync(CORPUS) ? manifestsBelow(CORPUS) : [];
  const theirs = found.flatMap((name) => seedsOf(readFileSync(join(CORPUS, name), 'utf8'), []));
  return [...ours, ...workloads, ...naming, ...theirs];
}

/** Without kinds that nothing is made of, whatever is in them. */
function seedsOf(text: string, all: readonly string[]): Seed[] {
  return text.split(/^---\n/m).flatMap((own) => {
    const [document] = parseAllDocuments(own);
    if (document === undefined || !('contents' in document) || !document.contents) return [];
    const value = document.toJS() as Value;
    if (/^kind: (ConfigMap|Secret|ServiceAccount)$/m.test(own)) return [];
    return [{ text: own, value, beside: all.filter((other) => other !== own) }];
  });
}

const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ': ',
    '- ',
    '---\n',
    '\n',
    '  ',
    '"',
    "'",
    '&a ',
    '*a',
    '<<: ',
    '!!',
    '#',
  ],
  ...['null', '~', '0', '-1', '1e99', '.nan', 'yes', '\t', '__proto__: {}', 'kind: Pod', '\0', '?'],
];

/** Members whose keys are the user's own. */
const FREE = /^(labels|matchLabels|annotations)$/;

/** Members that nothing is made of, with all below them. */
const MEANINGLESS = /^(image|annotations|status)$/;

/** The same for the same numbers: case `n` of a run that has this number for its seed. */
export function caseOf(all: readonly Seed[], run: number, n: number): Case {
  const random = randomOf(Math.imul(run, 0x9e3779b1) ^ n);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const seed = pick(all);
  const kind = random(10);
  if (kind < 4) return mangled(seed, random, pick);
  const copy = structuredClone(seed.value);
  const spots = spotsIn(copy).filter((spot) => (kind < 7 ? spot.isField : spot.isScalar));
  if (spots.length === 0) return mangled(seed, random, pick);
  const { holder, key, path } = pick(spots);
  const texts = (): string[] => [JSON.stringify(copy), ...seed.beside];
  if (kind < 7 && !Array.isArray(holder)) {
    const renamed = pick([`${key}x`, flipped(String(key)), ` ${key}`]);
    const entries = Object.entries(holder).map(([own, value]) => [
      own === key ? renamed : own,
      value,
    ]);
    for (const own of Object.keys(holder)) Reflect.deleteProperty(holder, own);
    Object.assign(holder, Object.fromEntries(entries) as object);
    return { seed, texts: texts(), oracle: 'refused', what: `${path} is called ${renamed}` };
  }
  const before = (holder as Record<string, Value>)[key] as string | number | boolean;
  const after = changed(before, pick);
  (holder as Record<string, Value>)[key] = after;
  const what = `${path} was ${JSON.stringify(before)} and is ${JSON.stringify(after)}`;
  return { seed, texts: texts(), oracle: 'refused or another', what };
}

type Random = (below: number) => number;

function mangled(seed: Seed, random: Random, pick: <T>(list: readonly T[]) => T): Case {
  let { text } = seed;
  for (let edits = 1 + random(4); edits > 0; edits--) {
    const start = random(text.length + 1);
    const noise = String.fromCodePoint(...[32 + random(95), random(0x3000) + 1]);
    const put = pick(['', ...PIECES, noise]);
    text = text.slice(0, start) + put + text.slice(start + random(13));
  }
  return { seed, texts: [text, ...seed.beside], oracle: 'refused or read', what: 'mangled' };
}

interface Spot {
  readonly holder: Value[] | Record<string, Value>;
  readonly key: string | number;
  readonly path: string;
  /** Whether the key is the name of a field, which an importer must know. */
  readonly isField: boolean;
  readonly isScalar: boolean;
}

/** Every key and every scalar of a document that means something. */
function spotsIn(value: Value, path = '', isFree = false): Spot[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]): Spot[] => {
    const own = path === '' ? key : `${path}.${key}`;
    const isField = !Array.isArray(value) && !isFree;
    const isScalar = member !== null && typeof member !== 'object';
    const spot = { holder: value, key, path: own, isField, isScalar };
    if (isField && (MEANINGLESS.test(key) || isIgnored(own))) return [{ ...spot, isScalar: false }];
    return [spot, ...spotsIn(member, own, isField && (FREE.test(key) || isLabels(key, member)))];
  });
}

/** What a container or the template of a pod is called says nothing. */
function isIgnored(path: string): boolean {
  return /containers\.\d+\.name$|template\.metadata\.name$/.test(path);
}

/** The selector of a Service is labels; others have fields. */
function isLabels(key: string, member: Value): boolean {
  return key === 'selector' && Object.values(member ?? {}).every((one) => typeof one === 'string');
}

function changed(
  value: string | number | boolean,
  pick: <T>(list: readonly T[]) => T,
): string | number | boolean {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return pick([value + 1, -value - 1, value + 0.5, 70_000]);
  const others = [
    `${value}x`,
    flipped(value),
    `${value}/0`,
    `-${value}`,
    value.slice(1),
    `${value} `,
  ];
  return pick(others.filter((other) => other !== value));
}

/** The first letter in the other case; with a letter in front where that is the same. */
function flipped(text: string): string {
  const first = text.charAt(0);
  const other = first === first.toUpperCase() ? first.toLowerCase() : first.toUpperCase();
  return other === first ? `x${text}` : other + text.slice(1);
}

/** Mulberry32. */
function randomOf(seed: number): Random {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
