import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PlumbError } from '../model/error.js';
import type { Origin } from '../model/error.js';
import { canonicalJson, type Json } from '../state/canonical-json.js';
import { KIND_NAMES } from '../state/kinds.js';
import { resourceFromJson, resourceToJson } from '../state/json.js';
import { describeIssues, originSchema, resourceSchema } from '../state/schema.js';
import type { Plan, Step } from './plan.js';

const count = z.int().min(0);

const stepSchema = z.strictObject({
  phase: z.enum(['stage', 'commit', 'retire']),
  action: z.enum(['create', 'update', 'replace', 'delete', 'commit']),
  kind: z.enum(KIND_NAMES as [Step['kind'], ...Step['kind'][]]),
  key: z.string().min(1),
  before: resourceSchema.nullable(),
  after: resourceSchema.nullable(),
  origin: originSchema,
  why: z.string(),
  label: z.string().optional(),
  flip: z.boolean().optional(),
});

/** Strict: what is not known here is refused. */
export const planSchema = z.strictObject({
  version: z.literal(1),
  node: z.string().min(1),
  summary: z.strictObject({ add: count, change: count, remove: count }),
  steps: z.array(stepSchema),
  verdicts: z.json(),
  lints: z.json(),
  maps: z.record(z.string(), z.strictObject({ used: count, max: count })),
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  basis: z.record(z.string(), z.string().regex(/^[0-9a-f]{16}$/)),
  program: z.json(),
  programHash: z.string().regex(/^[0-9a-f]{64}$/),
  digest: z.string(),
});

/**
 * A plan file: the plan, rows decoded into fields; `programHash`, the SHA-256 of `program`, equal for plans of the
 * same program, whatever they start from; and `digest`, that of everything else in it.
 */
export type PlanDocument = z.infer<typeof planSchema>;

/** A plan that was read, with what was said of its traffic when it was made. */
export interface ReadPlan {
  readonly plan: Plan;
  readonly verdicts: Json;
  /** And of what is no error and likely not meant. */
  readonly lints: Json;
  /** What the plan was made from, as its maker gave it. */
  readonly program: Json;
}

/** `verdicts`, `lints` and `program` are kept as they are; the plan does not depend on them. */
export function planToJson(
  plan: Plan,
  verdicts: Json = null,
  program: Json = null,
  lints: Json = [],
): PlanDocument {
  const { version, node, summary, maps, fingerprint, basis } = plan;
  const steps = plan.steps.map(({ before, after, ...step }) => ({
    ...step,
    before: before === null ? null : resourceToJson(before),
    after: after === null ? null : resourceToJson(after),
  }));
  // Through text, so that members that are undefined and classes are gone before the digest is made.
  const told = { version, node, summary, steps, verdicts, lints };
  const programHash = digestOf(program);
  const document = { ...told, maps, fingerprint, basis, program, programHash };
  const content = JSON.parse(JSON.stringify(document)) as Omit<PlanDocument, 'digest'>;
  return { ...content, digest: digestOf(content) };
}

/**
 * @throws PlumbError PLB_PLAN_FILE when it has another version or shape or a field that does not fit;
 * PLB_PLAN_EDITED when it is not what plumb wrote.
 */
export function planFromJson(value: unknown): ReadPlan {
  const parsed = planSchema.safeParse(value);
  if (!parsed.success) throw planFileError(describeIssues(parsed.error), parsed.error);
  const { digest, steps, verdicts, program, programHash, lints, ...rest } = parsed.data;
  // Of the text itself, not of what the schema makes of it.
  const isWhole = digestOf({ ...(value as object), digest: undefined }) === digest;
  if (!isWhole || digestOf(program) !== programHash) {
    throw new PlumbError('PLB_PLAN_EDITED', 'this plan file was changed after plumb wrote it', {
      hint: 'Change the program instead, and plan again with `plumb plan --out`.',
    });
  }
  try {
    return { plan: { ...rest, steps: steps.map(stepFromJson) }, verdicts, lints, program };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw planFileError(cause.message, cause);
  }
}

function stepFromJson(document: z.infer<typeof stepSchema>): Step {
  const { before, after, origin, label, flip, ...step } = document;
  return {
    ...step,
    before: before === null ? null : resourceFromJson(before),
    after: after === null ? null : resourceFromJson(after),
    origin: origin as Origin,
    ...(label === undefined ? {} : { label }),
    ...(flip === undefined ? {} : { flip }),
  };
}

function digestOf(content: object | Json): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

/** PLB_PLAN_FILE, with what does not fit. */
export function planFileError(detail: string, cause: unknown): PlumbError {
  return new PlumbError('PLB_PLAN_FILE', 'this is no plan file that this plumb can read', {
    detail,
    hint: 'Plan again with `plumb plan --out`.',
    cause,
  });
}
