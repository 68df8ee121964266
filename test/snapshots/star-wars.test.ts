import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { planAgainst, stateDocument, type Planned } from '../../src/engine.js';
import { synthesize, type Desired } from '../../src/engine/desired.js';
import { answer } from '../../src/engine/explain.js';
import { renderPlan } from '../../src/report/terminal.js';
import { renderVerdict } from '../../src/report/verdict.js';
import { emptyState } from '../../src/state/canonical.js';
import { prettyJson } from '../../src/state/canonical-json.js';

const root = resolve(import.meta.dirname, '../..');
const snapshot = (name: string): string => join(root, 'snapshots/star-wars', name);

/** The hash of the object file is the compiler's business, not the program's. */
const withoutHash = (text: string): string => text.replace(/"object": ?"[0-9a-f]{16}"/g, '"object": "-"');

/** Who asks for what, and why a reader wants to know. */
const QUESTIONS: readonly (readonly [string, string, string, string])[] = [
  ['tiefighter-1', 'deathstar-1', '80/TCP', 'The empire lands on its death stars'],
  ['deathstar-1', 'deathstar-2', '80/TCP', 'one death star included'],
  ['xwing', 'deathstar-1', '80/TCP', 'The alliance does not'],
  ['tiefighter-1', 'deathstar-1', '22/TCP', 'and the empire only where the rule says'],
  ['tiefighter-1', 'deathstar-1', 'ICMP/8', 'A rule about ports says nothing of ICMP'],
  ['host', 'deathstar-1', '22/TCP', 'The node may always reach its own endpoints'],
  ['8.8.8.8', 'deathstar-1', '80/TCP', 'The world is no part of the empire'],
  ['deathstar-1', 'xwing', '80/TCP', 'Nobody isolates the x-wing, and death stars may go anywhere'],
];

describe('the star-wars example', () => {
  let desired: Desired;
  let planned: Planned;

  beforeAll(async () => {
    desired = await synthesize(join(root, 'examples/star-wars/plumb.ts'));
    planned = planAgainst(desired, emptyState('hoth'));
  });

  it('has its identities in the lock file that is checked in', () => {
    expect(desired.lockChanged).toBe(false);
  });

  it('means the state of the snapshot', async () => {
    const text = `${withoutHash(prettyJson(stateDocument(desired.state)))}\n`;
    await expect(text).toMatchFileSnapshot(snapshot('state.json'));
  });

  it('plans as the snapshot says', async () => {
    const text = renderPlan(planned.plan, planned.traffic, { colour: false, width: 100 });
    await expect(`${text}\n`).toMatchFileSnapshot(snapshot('plan.txt'));
  });

  it('gives the verdicts of the snapshot, each with the rule and its line', async () => {
    const blocks = QUESTIONS.map(([from, to, port, why]) => {
      const text = renderVerdict(answer({ from, to, port }, desired), { colour: false });
      return `## ${why}\n\n\`\`\`\n$ plumb verdict ${from} ${to} ${port}\n${text}\n\`\`\`\n`;
    });
    await expect(`# Verdicts of star-wars\n\n${blocks.join('\n')}`).toMatchFileSnapshot(
      snapshot('verdict.md'),
    );
  });
});
