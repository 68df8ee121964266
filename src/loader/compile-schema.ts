import { z } from 'zod';
import type { Said, SaidError } from './compile-protocol.js';

const count = z.int().min(1);
const strings = z.array(z.string());

const error = z.strictObject({
  code: z.enum(['PLB_TYPE', 'PLB_BUNDLE', 'PLB_PROGRAM_UNREADABLE']),
  message: z.string(),
  hint: z.string(),
  origin: z
    .strictObject({
      path: z.string(),
      file: z.string().exactOptional(),
      line: count.exactOptional(),
      column: count.exactOptional(),
    })
    .exactOptional(),
  detail: z.string().exactOptional(),
}) satisfies z.ZodType<SaidError>;

const errors = z.array(error);

const position = z.strictObject({ file: z.string(), line: count, column: count });

/** What came out of the compiler's sandbox must look like this. */
export const saidSchema: z.ZodType<Said> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('bundle'),
    bundle: z.strictObject({ code: z.string(), map: z.string(), sources: strings }),
    ms: z.number(),
  }),
  z.strictObject({ kind: z.literal('unbundled'), errors: errors.min(1) }),
  z.strictObject({ kind: z.literal('bundler-ended'), message: z.string() }),
  z.strictObject({
    kind: z.literal('checked'),
    errors,
    ruleLines: z.record(z.string(), z.record(z.string(), z.array(position))),
    ms: z.number(),
  }),
  z.strictObject({ kind: z.literal('unreadable'), errors: errors.min(1) }),
]);
