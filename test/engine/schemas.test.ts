import { join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { synthesize, type Desired } from '../../src/engine/desired.js';
import { diffSides } from '../../src/engine/diff.js';
import { answer } from '../../src/engine/explain.js';
import { matrixOf } from '../../src/engine/matrix.js';
import { planAgainst, plannedToJson, stateDocument } from '../../src/engine.js';
import { loadProgram } from '../../src/loader/load-program.js';
import { planFromJson } from '../../src/plan/plan-json.js';
import { DOCUMENTS, jsonSchemaOf, type DocumentName } from '../../src/report/documents.js';
import { emptyState } from '../../src/state/canonical.js';
import { prettyJson } from '../../src/state/canonical-json.js';
import { packetEvent } from '../report/events.js';
import { nodeMetrics, rule } from '../report/node-metrics.js';

const root = resolve(import.meta.dirname, '../..');
const ajv = new Ajv2020({ strict: false });
const validators = new Map(DOCUMENTS.map((name) => [name, ajv.compile(jsonSchemaOf(name))]));

/** What is wrong with a document, as its reader gets it. */
function wrong(name: DocumentName, document: unknown): unknown {
  const validate = validators.get(name)!;
  return validate(JSON.parse(JSON.stringify(document))) ? [] : validate.errors;
}

describe('a published schema', () => {
  let desired: Desired;

  beforeAll(async () => {
    desired = await synthesize(join(root, 'examples/star-wars/plumb.ts'));
  });

  it.each(DOCUMENTS)('of a %s is the one in the package', async (name) => {
    await expect(`${prettyJson(jsonSchemaOf(name))}\n`).toMatchFileSnapshot(
      join(root, `schemas/${name}.v1.json`),
    );
  });

  it('holds for what commands print', () => {
    const planned = plannedToJson(planAgainst(desired, emptyState('hoth')));
    expect(wrong('plan', planned)).toEqual([]);
    const empty = { state: emptyState('hoth') };
    expect(wrong('diff', plannedToJson(diffSides(empty, { state: desired.state })))).toEqual([]);
    expect(wrong('diff', plannedToJson(diffSides({ state: desired.state }, empty)))).toEqual([]);
    expect(wrong('state', stateDocument(desired.state))).toEqual([]);
    expect(wrong('matrix', matrixOf(desired))).toEqual([]);
    for (const port of ['80/TCP', '22/TCP', 'ICMP/8']) {
      const question = { from: 'tiefighter-1', to: 'deathstar-1', port };
      expect(wrong('verdict', answer(question, desired))).toEqual([]);
    }
  });

  it.each(['star-wars-l7/plumb.ts', 'two-nodes/plumb.ts'])(
    'holds for a plan and a state of examples/%s, with proxies, tables of nft, tunnels and services',
    async (example) => {
      const { nodes } = (await loadProgram(join(root, 'examples', example))).document;
      const [first] = nodes;
      const other = await synthesize(join(root, 'examples', example), { node: first?.name });
      expect(wrong('plan', plannedToJson(planAgainst(other, emptyState(other.node.name))))).toEqual(
        [],
      );
      expect(wrong('state', stateDocument(other.state))).toEqual([]);
      expect(wrong('matrix', matrixOf(other))).toEqual([]);
    },
  );

  it('holds for no document with a member that is not known, or without one that must be', () => {
    const planned = plannedToJson(planAgainst(desired, emptyState('hoth')));
    expect(wrong('plan', { ...planned, more: 1 })).not.toEqual([]);
    expect(wrong('plan', { ...planned, lints: [{ code: 'PLL_X' }] })).not.toEqual([]);
    const matrix = matrixOf(desired);
    expect(wrong('matrix', { ...matrix, peers: undefined })).not.toEqual([]);
    expect(wrong('state', { ...stateDocument(desired.state), more: 1 })).not.toEqual([]);
    expect(() => planFromJson({ ...planned, more: 1 })).toThrow('no plan file');
  });

  it('of an event holds for a packet and for a loss, and for nothing between', () => {
    const packet = packetEvent();
    const icmp = { type: 8, code: 0, name: 'EchoRequest' };
    expect(wrong('event', packet)).toEqual([]);
    expect(wrong('event', packetEvent({ bytes: '00ff', protocol: 'ICMP', icmp }))).toEqual([]);
    expect(wrong('event', { version: 1, type: 'lost', time: '', events: 3 })).toEqual([]);
    expect(wrong('event', { ...packet, verdict: 'maybe' })).not.toEqual([]);
    expect(wrong('event', { ...packet, type: 'lost' })).not.toEqual([]);
  });

  it('of metrics holds for what a node counts, and for no rule without a place', () => {
    expect(wrong('metrics', nodeMetrics)).toEqual([]);
    const { origin, ...nowhere } = rule(30);
    expect(origin.line).toBe(30);
    expect(wrong('metrics', { ...nodeMetrics, rules: [nowhere] })).not.toEqual([]);
    expect(wrong('metrics', { ...nodeMetrics, eventsLost: -1 })).not.toEqual([]);
  });
});
