import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { planAgainst } from '../../src/engine.js';
import { synthesize } from '../../src/engine/desired.js';
import { toProvenance } from '../../src/engine/provenance.js';
import { ProgramCopy } from '../e2e/program.js';
import { describeExample, markdownOf } from './example.js';

const root = resolve(import.meta.dirname, '../..');

describeExample('star-wars', [
  ['tiefighter-1', 'deathstar-1', '80/TCP', 'The empire lands on its death stars'],
  ['deathstar-1', 'deathstar-2', '80/TCP', 'one death star included'],
  ['xwing', 'deathstar-1', '80/TCP', 'The alliance does not'],
  ['tiefighter-1', 'deathstar-1', '22/TCP', 'and the empire only where the rule says'],
  ['tiefighter-1', 'deathstar-1', 'ICMP/8', 'A rule about ports says nothing of ICMP'],
  ['host', 'deathstar-1', '22/TCP', 'The node may always reach its own endpoints'],
  ['8.8.8.8', 'deathstar-1', '80/TCP', 'The world is no part of the empire'],
  ['deathstar-1', 'xwing', '80/TCP', 'Nobody isolates the x-wing, and death stars may go anywhere'],
]);

it('a reviewer is told what a change of a port, and a new rule of egress, open and close', async () => {
  const applied = await synthesize(join(root, 'examples/star-wars/plumb.ts'));
  const program = new ProgramCopy();
  try {
    program.replace("'80'", "'8080'");
    program.replace(
      '  ],\n});\n',
      "  ],\n  egress: [{ toEndpoints: [{ matchLabels: { org: 'empire' } }] }],\n});\n",
    );
    const next = await synthesize(program.path);
    const before = JSON.stringify(toProvenance(applied));
    const text = await markdownOf(planAgainst(next, applied.state, before), program.path);
    await expect(text).toMatchFileSnapshot(join(root, 'snapshots/star-wars/change.md'));
  } finally {
    program.dispose();
  }
});
