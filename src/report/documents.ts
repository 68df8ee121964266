import { z } from 'zod';
import { LINTS, type LintCode } from '../model/lint.js';
import { planSchema } from '../plan/plan-json.js';
import { REASONS, type Reason } from '../state/layout.js';
import { PROGRAM, type ProgramName } from '../state/layout-reports.js';
import { originSchema, stateSchema } from '../state/schema.js';

/** Shapes of what commands give with `--json`; published as schemas/NAME.v1.json. */
const count = z.int().min(0);
const texts = z.record(z.string(), z.string());
const direction = z.enum(['ingress', 'egress']);
const names = <T extends string>(of: Readonly<Record<T, unknown>>): [T, ...T[]] =>
  Object.keys(of) as [T, ...T[]];

const cause = z.strictObject({
  name: z.string(),
  origin: originSchema,
  description: z.string().optional(),
  labels: texts.optional(),
  log: z.union([z.string(), z.strictObject({ value: z.string() })]).optional(),
});

const lint = z.strictObject({
  code: z.enum(names<LintCode>(LINTS)),
  severity: z.enum(['warning', 'note']),
  message: z.string(),
  origin: originSchema,
  hint: z.string(),
  ignored: z.string().optional(),
});

const traffic = z.array(
  z.looseObject({
    change: z.enum(['allow', 'deny', 'change']),
    from: z.string(),
    to: z.string(),
    what: z.string(),
    note: z.string().optional(),
    causes: z
      .array(
        z.looseObject({
          origin: originSchema,
          does: z.string().optional(),
          isGone: z.literal(true).optional(),
        }),
      )
      .optional(),
  }),
);

/** What a plan says besides its steps: of traffic, and what it lets expect. */
export const toldSchema = z.strictObject({
  verdicts: z.strictObject({ allowed: traffic, denied: traffic, changed: traffic }),
  lints: z.array(lint),
});

const plan = planSchema.extend(toldSchema.shape);

const side = z.strictObject({
  identity: count,
  isLocal: z.boolean(),
  isAudited: z.boolean().optional(),
  endpoint: z.string().optional(),
  text: z.string(),
});

const verdict = z.strictObject({
  allowed: z.boolean(),
  from: side,
  to: side,
  what: z.string(),
  note: z.string().optional(),
  steps: z.array(
    z.looseObject({
      direction,
      allowed: z.boolean(),
      reason: z.string().optional(),
      audited: z.string().optional(),
      policySet: count,
      subject: z.string(),
      isolated: z.boolean(),
      version: count.optional(),
      class: count.optional(),
      terms: z.array(z.string()),
      table: count.optional(),
      filter: z
        .strictObject({
          listener: z.string(),
          text: z.string(),
          allowed: z.boolean().optional(),
          rule: z.string().optional(),
          origins: z.array(originSchema),
        })
        .optional(),
      allows: z.array(cause),
      denies: z.array(cause),
      isolates: z.array(cause),
    }),
  ),
});

const matrix = z.strictObject({
  version: z.literal(1),
  node: z.string(),
  peers: z.array(
    z.strictObject({
      id: count,
      kind: z.enum(['endpoints', 'nodes', 'prefixes', 'names', 'reserved']),
      name: z.string(),
      endpoints: z.array(z.string()).optional(),
      nodes: z.array(z.string()).optional(),
      prefixes: z.array(z.string()).optional(),
      names: z.array(z.string()).optional(),
      labels: texts,
      local: z.boolean(),
    }),
  ),
  ports: z.array(z.string()),
  pairs: z.array(
    z.strictObject({
      from: count,
      to: count,
      ports: z.record(z.string(), z.boolean()),
      filtered: texts.optional(),
      audited: z.array(z.string()).optional(),
    }),
  ),
});

const peer = z.strictObject({
  endpoint: z.string().optional(),
  address: z.string(),
  port: count,
  identity: count,
  labels: texts,
});

const packetVerdict = z.enum(['allowed', 'denied', 'audited', 'redirected']);

/** New members may come at any time: readers pass over what they do not know. */
const packet = z.looseObject({
  version: z.literal(1),
  type: z.literal('packet'),
  time: z.string(),
  unixTime: z.string(),
  monotonic: z.string(),
  verdict: packetVerdict,
  reason: z.enum([...names<Reason>(REASONS), 'unknown']),
  direction,
  protocol: z.string(),
  icmp: z.strictObject({ type: count, code: count, name: z.string().optional() }).optional(),
  source: peer,
  destination: peer,
  isReply: z.boolean(),
  program: z.enum([...names<ProgramName>(PROGRAM), 'unknown']),
  ifindex: count,
  device: z.string().optional(),
  length: count,
  policyVersion: z.string().optional(),
  explanation: z.enum(['applied', 'no-policy', 'no-provenance', 'other-version']),
  policies: z.array(cause),
  bytes: z.string().optional(),
});
const request = z.looseObject({
  version: z.literal(1),
  type: z.literal('request'),
  time: z.string(),
  verdict: z.enum(['allowed', 'denied']),
  protocol: z.string(),
  l7: z.string(),
  direction: direction.optional(),
  source: peer,
  destination: peer,
  request: z.string(),
  answer: z.string().optional(),
  note: z.string().optional(),
  listener: z.string(),
  rules: z.array(originSchema),
});
const lost = z.looseObject({
  version: z.literal(1),
  type: z.literal('lost'),
  time: z.string(),
  events: count,
});

const counted = { packets: count, bytes: count };
const metrics = z.looseObject({
  version: z.literal(1),
  instance: z.string(),
  generation: count,
  activeBuffer: z.union([z.literal(0), z.literal(1)]),
  programs: z.array(z.strictObject({ name: z.string(), object: z.string() })),
  packets: z.array(
    z.strictObject({
      reason: z.enum([...names<Reason>(REASONS), 'unknown']),
      direction,
      verdict: packetVerdict,
      ...counted,
    }),
  ),
  hasProgram: z.boolean(),
  rules: z.array(
    z.strictObject({
      policy: z.string(),
      origin: originSchema,
      direction,
      effect: z.enum(['allow', 'deny', 'isolate']),
      ...counted,
    }),
  ),
  otherPolicies: z.strictObject(counted),
  maps: z.array(z.strictObject({ map: z.string(), entries: count, capacity: count })),
  conntrack: z.strictObject({
    entries: count,
    live: count,
    capacity: count,
    opened: count,
    removed: count,
    evicted: count,
  }),
  eventsLost: count,
  packetsUncounted: count,
});

const SCHEMAS = {
  diff: plan,
  event: z.discriminatedUnion('type', [packet, request, lost]),
  matrix,
  metrics,
  plan,
  state: stateSchema,
  verdict,
};

export type DocumentName = keyof typeof SCHEMAS;
export const DOCUMENTS = Object.keys(SCHEMAS) as DocumentName[];

/** JSON Schema (2020-12) of a document. */
export function jsonSchemaOf(name: DocumentName): object {
  return {
    $id: `urn:plumbline:${name}:v1`,
    title: `plumb ${name}, version 1`,
    ...z.toJSONSchema(SCHEMAS[name]),
  };
}
