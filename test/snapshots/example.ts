import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { planAgainst, stateDocument, type Planned } from '../../src/engine.js';
import { synthesize, type Desired } from '../../src/engine/desired.js';
import { answer } from '../../src/engine/explain.js';
import { parseRequest } from '../../src/engine/explain-filter.js';
import { readCauses } from '../../src/engine/source-lines.js';
import { renderPlanMarkdown } from '../../src/report/markdown.js';
import { renderPlan } from '../../src/report/terminal.js';
import { renderVerdict } from '../../src/report/verdict.js';
import { emptyState } from '../../src/state/canonical.js';
import { prettyJson } from '../../src/state/canonical-json.js';

const root = resolve(import.meta.dirname, '../..');

/** The hash of the object file is the compiler's business, not the program's. */
const withoutHash = (text: string): string =>
  text.replace(/"object": ?"[0-9a-f]{16}"/g, '"object": "-"');

/** Who asks for what, and why a reader wants to know; with a request of HTTP where rules are about those. */
export type Question = readonly [
  from: string,
  to: string,
  port: string,
  why: string,
  http?: string,
];

/** As `plumb plan --markdown` has it. */
export async function markdownOf(
  { plan, traffic, lints = [] }: Planned,
  path: string,
): Promise<string> {
  const sourceOf = await readCauses(path, traffic, 'now');
  return renderPlanMarkdown(plan, traffic, { lints, sourceOf });
}

/** What an example means, as reviewed files in `snapshots/NAME`. */
export function describeExample(name: string, questions: readonly Question[]): void {
  const snapshot = (file: string): string => join(root, 'snapshots', name, file);

  describe(`the ${name} example`, () => {
    let desired: Desired;
    let planned: Planned;

    beforeAll(async () => {
      desired = await synthesize(join(root, 'examples', name, 'plumb.ts'));
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

    it('plans as Markdown as the snapshot says', async () => {
      const text = await markdownOf(planned, join(root, 'examples', name, 'plumb.ts'));
      await expect(text).toMatchFileSnapshot(snapshot('plan.md'));
    });

    it('gives the verdicts of the snapshot, each with the rule and its line', async () => {
      const blocks = questions.map(([from, to, port, why, http]) => {
        const asked = http === undefined ? '' : ` --http '${http}'`;
        const question = { from, to, port, request: parseRequest({ http }) };
        const text = renderVerdict(answer(question, desired), { colour: false });
        const command = `plumb verdict ${from} ${to} ${port}${asked}`;
        return `## ${why}\n\n\`\`\`\n$ ${command}\n${text}\n\`\`\`\n`;
      });
      await expect(`# Verdicts of ${name}\n\n${blocks.join('\n')}`).toMatchFileSnapshot(
        snapshot('verdict.md'),
      );
    });
  });
}
