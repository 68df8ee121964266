import type { Origin } from '../model/error.js';
import { EMPTY, hex8 } from '../state/columns.js';
import { HEADS, PREVIOUS_HEADS } from '../state/kinds/bpf-entries.js';
import type { MapName } from '../state/layout.js';
import type { Columns, EntriesResource } from '../state/state.js';
import { describeHeads } from './heads.js';
import { RANK_CLEAR, RANK_DROP, RANK_RAISE, rankOf, type Draft } from './order.js';
import { passages, type Passage, type Passages } from './passage.js';
import type { Phase, Step } from './plan.js';
import { rowStep, type RowChange } from './row-step.js';
import type { Entries } from './entries-view.js';

/** Key of steps on the buffer of heads that is live when they are done. */
export const LIVE_HEADS = 'plumb_heads/live';
export const COMMIT_KEY = 'plumb_config/epoch';

/** Place of the write of the idle buffer, and of the commit, in its phase. */
const RANK_HEADS = 1;
const RANK_COMMIT = 2;

const NONE: ReadonlySet<string> = new Set();
const NEUTRAL = 'changes no verdict: makes room for a move';

/** Steps for all rows, and the commits that they need. */
export function entriesDrafts(before: Entries, after: Entries, fallback: Origin): Draft[] {
  const all = passages(before, after);
  const rows = all.rows.flatMap((one) => rowDrafts(one, fallback));
  const drafts = [...headDrafts(all, before, after, fallback), ...rows];
  return [...drafts, ...commits(all, drafts, fallback)];
}

/** Steps that take all rows away together with their maps: nothing judges afterwards, so no commit. */
export function farewellDrafts(before: Entries, fallback: Origin): Draft[] {
  return [...before.values()].flatMap((resource): Draft[] => {
    const { key, columns } = resource;
    const buffer = key === HEADS ? LIVE_HEADS : key === PREVIOUS_HEADS ? HEADS : key;
    const change = {
      phase: 'retire',
      key: buffer,
      resource,
      before: columns,
      after: EMPTY,
    } as const;
    const step = rowStep(change, fallback);
    return step === undefined ? [] : [{ step, rank: rankOf(resource, NONE) }];
  });
}

function rowDrafts({ key, resource, now, staged, settled }: Passage, fallback: Origin): Draft[] {
  const rank = rankOf(resource, NONE);
  const draft = (phase: Phase, before: Columns, after: Columns): Draft[] => {
    const why = whyRows(phase, resource, before, after, settled);
    const step = rowStep({ phase, key, resource, before, after, ...why }, fallback);
    return step === undefined ? [] : [{ step, rank }];
  };
  return [...draft('stage', now, staged), ...draft('retire', staged, settled)];
}

function whyRows(
  phase: Phase,
  { map }: EntriesResource,
  before: Columns,
  after: Columns,
  settled: Columns,
): { readonly why?: string } {
  const policy = map === 'plumb_refs' || map === 'plumb_tables';
  if (phase === 'retire' && policy) {
    return {
      why: settled.count === 0 ? 'nothing reaches it any more' : 'no class needs it any more',
    };
  }
  if (phase === 'stage' && policy && before.count > 0 && after !== settled) return { why: NEUTRAL };
  return {};
}

function headDrafts(all: Passages, before: Entries, after: Entries, fallback: Origin): Draft[] {
  const resource: EntriesResource = after.get(HEADS) ??
    before.get(HEADS) ?? { kind: 'bpf-entries', key: HEADS, map: 'plumb_heads', columns: EMPTY };
  const drafts: Draft[] = [];
  const add = (rank: number, change: Omit<RowChange, 'resource'>): void => {
    const step = rowStep({ ...change, resource }, fallback);
    if (step !== undefined) drafts.push({ step, rank });
  };
  const { live, idle, flip } = all;
  const idleNow = all.clearFirst ? EMPTY : idle.now;
  if (all.clearFirst) {
    const why = 'the policy before the current one gives way: it could not judge what moves';
    add(RANK_CLEAR, { phase: 'stage', key: HEADS, before: idle.now, after: EMPTY, why });
  }
  if (!flip) return drafts;
  const rank = rankOf(resource, NONE);
  const neutral = { key: LIVE_HEADS, why: NEUTRAL };
  add(rank, { phase: 'stage', ...neutral, before: live.now, after: live.staged });
  const labelOf = (version: number): string | undefined => {
    const key = `plumb_refs/${hex8(version)}`;
    return after.get(key)?.label ?? before.get(key)?.label;
  };
  add(RANK_HEADS, {
    phase: 'commit',
    key: HEADS,
    before: idleNow,
    after: idle.staged,
    action: live.now.count === 0 ? 'create' : 'update',
    why: 'written to the idle buffer',
    label: describeHeads(live.now, idle.settled, labelOf),
  });
  const undone = { ...neutral, why: 'everybody has moved' };
  add(rank, { phase: 'retire', ...undone, before: idle.staged, after: idle.settled });
  if (!all.keep) {
    const why = 'no undo: the policy before cannot judge the classes of the new one';
    add(RANK_DROP, { phase: 'retire', key: HEADS, before: live.staged, after: EMPTY, why });
  }
  return drafts;
}

/** Maps whose rows, when they go, change a verdict that conntrack may have cached meanwhile. */
const JUDGED: ReadonlySet<MapName> = new Set([
  'plumb_classes',
  'plumb_config',
  'plumb_devices',
  'plumb_endpoints',
  'plumb_ipcache',
  'plumb_ipcache_lpm',
  'plumb_services',
]);

function commits({ flip }: Passages, drafts: readonly Draft[], origin: Origin): Draft[] {
  const commit = (phase: Phase, rank: number, why: string, flips: boolean): Draft => {
    const nothing = { before: null, after: null, origin };
    const at = { phase, action: 'commit', kind: 'bpf-entries', key: COMMIT_KEY } as const;
    return { rank, step: { ...at, ...nothing, why, flip: flips } };
  };
  const made: Draft[] = [];
  const staged = drafts.some(({ step, rank }) => step.phase === 'stage' && rank !== RANK_CLEAR);
  if (flip) made.push(commit('commit', RANK_COMMIT, 'one write: the new policy judges', true));
  else if (staged) {
    made.push(commit('commit', RANK_COMMIT, 'established flows are judged again', false));
  }
  if (drafts.some(({ step }) => step.phase === 'retire' && takesJudged(step, flip))) {
    made.push(commit('retire', RANK_RAISE, 'established flows are judged again', false));
  }
  return made;
}

function takesJudged({ before, after }: Step, flip: boolean): boolean {
  if (before?.kind !== 'bpf-entries') return false;
  const goes = before.columns.count > (after?.kind === 'bpf-entries' ? after.columns.count : 0);
  if (JUDGED.has(before.map)) return goes;
  // Without a flip, a row of refs that goes is one that a stranger put where packets are judged.
  return !flip && before.map === 'plumb_refs' && goes;
}
