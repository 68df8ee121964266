import { describe, expect, it } from 'vitest';
import { PlumbError } from '../../src/model/error.js';
import { canonicalJson, prettyJson } from '../../src/state/canonical-json.js';
import { canonicalBytes, fingerprint, normalizeState } from '../../src/state/canonical.js';
import { stateFromJson, stateFromText, stateToJson, stateToText } from '../../src/state/json.js';
import { entries } from '../../src/state/kinds/bpf-entries.js';
import { resource } from '../../src/state/kinds.js';
import type { State } from '../../src/state/state.js';

const origin = { path: 'hoth/xwing', file: 'plumb.ts', line: 12 };
const other = { path: 'hoth/deathstar', file: 'plumb.ts', line: 20 };
const state: State = {
  version: 1,
  node: 'hoth',
  resources: [
    resource('route', { destination: '10.1.0.31/32', device: 'lxcxwing', table: 254 }, origin),
    entries(
      'plumb_refs',
      [
        { key: { version: 9, direction: 1, class: 0 }, value: { table: 0xabc }, origin: other },
        { key: { version: 9, direction: 0, class: 7 }, value: { table: 0xdef } },
      ],
      { group: 9, origin, label: 'deathstar' },
    ),
    entries(
      'plumb_tables',
      [{ key: { prefixLength: 64, table: 0xabc, protocol: 6, port: 80 }, value: { verdict: 2 } }],
      { group: 0xabc },
    ),
  ],
  previous: ['plumb_refs/00000009'],
};

function detailOf(value: unknown): string {
  try {
    stateFromJson(value);
  } catch (error) {
    if (error instanceof PlumbError && error.code === 'PLB_STATE_FILE') return error.detail ?? '';
    throw error;
  }
  return 'no error';
}

describe('a state file', () => {
  it('shows rows by their fields: hashes as hex, directions and verdicts as words', () => {
    const text = stateToText(state);
    expect(text).toContain('{ "version": "00000009", "direction": "egress", "class": "00000000" }');
    expect(text).toContain('"value": { "verdict": "allow", "flags": 0, "listener": 0 }');
  });

  it('keeps origins, labels and what belongs to the policy before', () => {
    expect(stateFromText(stateToText(state))).toEqual(normalizeState(state));
    const refs = stateFromText(stateToText(state)).resources.find((r) =>
      r.key.startsWith('plumb_refs'),
    );
    expect(refs).toMatchObject({ label: 'deathstar', origin, rowOrigins: [undefined, other] });
  });

  it('has the same bytes for the same state in another order', () => {
    const turned = { ...state, resources: [...state.resources].reverse() };
    expect(stateToText(turned)).toBe(stateToText(state));
    expect(canonicalBytes(turned)).toEqual(canonicalBytes(state));
  });

  it('is refused when it is no JSON, of another version, or has unknown members', () => {
    expect(() => stateFromText('{', 'a.json')).toThrow('a.json holds no state');
    const json = stateToJson(state);
    expect(detailOf({ ...json, version: 2 })).toContain('version');
    expect(detailOf({ ...json, extra: 1 })).toContain('extra');
    expect(detailOf({ ...json, resources: [{ kind: 'link', key: 'x' }] })).toContain('resources.0');
  });

  it('is refused when a key is not that of the attributes, or stands twice', () => {
    const route = {
      kind: 'route',
      key: 'elsewhere',
      attributes: { destination: '10.0.0.0/8', device: 'a', table: 254 },
    };
    expect(detailOf({ version: 1, node: 'x', resources: [route] })).toContain('10.0.0.0/8 dev a');
    const netns = { kind: 'netns', key: 'a', attributes: { name: 'a' } };
    expect(detailOf({ version: 1, node: 'x', resources: [netns, netns] })).toContain('netns a');
  });

  it('is refused when a row has an unknown field, a value that does not fit, or another group', () => {
    const refs = (key: string, row: object, map = 'plumb_refs'): unknown => ({
      version: 1,
      node: 'x',
      resources: [{ kind: 'bpf-entries', key, map, rows: [row] }],
    });
    const key = { version: '00000009', direction: 'egress', class: '00000001' };
    const table = { table: '00000001' };
    expect(detailOf(refs('plumb_refs/00000009', { key, value: table }))).toBe('no error');
    expect(detailOf(refs('plumb_refs/00000008', { key, value: table }))).toContain(
      'another version',
    );
    expect(detailOf(refs('plumb_refs', { key, value: table }))).toContain(
      'not entries of plumb_refs',
    );
    expect(detailOf(refs('plumb_conntrack', { key: {}, value: {} }, 'plumb_conntrack'))).toContain(
      'not entries',
    );
    expect(detailOf(refs('plumb_refs/00000009', { key, value: { tabel: 1 } }))).toContain(
      'no field tabel',
    );
    const sideways = { ...key, direction: 'sideways' };
    expect(detailOf(refs('plumb_refs/00000009', { key: sideways, value: table }))).toContain(
      'sideways',
    );
    const short = { key, value: { table: 'abc' } };
    expect(detailOf(refs('plumb_refs/00000009', short))).toContain('8 hex digits');
  });
});

describe('the fingerprint', () => {
  it('does not change with origins and labels', () => {
    const bare = state.resources.map((r) => {
      if (r.kind !== 'bpf-entries')
        return resource('route', { destination: '10.1.0.31', device: 'lxcxwing', table: 254 });
      return { kind: r.kind, key: r.key, map: r.map, columns: r.columns };
    });
    expect(fingerprint({ ...state, resources: bare })).toBe(fingerprint(state));
  });

  it('changes with an attribute, a row, or what is kept for undo', () => {
    const { version, node, resources } = state;
    const changed: State[] = [
      { ...state, node: 'tatooine' },
      { ...state, resources: state.resources.slice(1) },
      { version, node, resources },
    ];
    for (const one of changed) expect(fingerprint(one)).not.toBe(fingerprint(state));
  });
});

describe('canonical JSON', () => {
  it('sorts members, leaves out what is undefined, and refuses what is no JSON', () => {
    expect(canonicalJson({ b: [1, { d: null, c: undefined }], a: 'ä' })).toBe(
      '{"a":"ä","b":[1,{"d":null}]}',
    );
    expect(() => canonicalJson({ a: () => 1 })).toThrow(TypeError);
  });

  it('prints for reading what parses to the same value', () => {
    const value = { list: Array.from({ length: 40 }, (_, i) => i), empty: [], nested: { a: {} } };
    const text = prettyJson(value, 40);
    expect(JSON.parse(text)).toEqual(value);
    expect(text.split('\n').length).toBeGreaterThan(3);
  });
});
