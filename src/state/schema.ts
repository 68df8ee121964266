import { z } from 'zod';
import { REDIRECT_MODES } from './proxy-names.js';

/** Strict shapes of what is read from files. Rows are checked field by field by the codec. */
const origin = z.strictObject({
  path: z.string(),
  file: z.string().optional(),
  line: z.int().min(1).optional(),
  column: z.int().min(1).optional(),
});

const u32 = z.int().min(0).max(0xffff_ffff);
const text = z.string().min(1);
const place = { netns: text.optional(), device: text };

const attributes = {
  netns: z.strictObject({ name: text }),
  link: z.strictObject({
    name: text,
    type: z.enum(['veth', 'dummy', 'vxlan']),
    mac: text,
    mtu: u32,
    up: z.boolean(),
    clsact: z.strictObject({ ingressBlock: u32, egressBlock: u32 }).optional(),
    peer: z.strictObject({ netns: text, name: text, mac: text }).optional(),
    vxlan: z.strictObject({ port: u32 }).optional(),
  }),
  address: z.strictObject({ ...place, address: text }),
  neighbor: z.strictObject({ ...place, address: text, mac: text }),
  route: z.strictObject({
    ...place,
    destination: text,
    gateway: text.optional(),
    source: text.optional(),
    table: u32,
    type: z.literal('local').optional(),
  }),
  rule: z.strictObject({
    netns: text.optional(),
    family: z.enum(['inet', 'inet6']),
    priority: u32,
    table: u32,
    iif: text.optional(),
    oif: text.optional(),
    fwmark: u32.optional(),
    fwmask: u32.optional(),
  }),
  sysctl: z.strictObject({
    netns: text.optional(),
    name: z.string().regex(/^net(\/[A-Za-z0-9_.-]+)+$/),
    value: text,
  }),
  'nft-table': z.strictObject({
    family: z.enum(['inet', 'ip', 'ip6']),
    name: z.string().regex(/^plumb(_|$)/),
    chains: z.array(
      z.strictObject({
        name: text,
        type: z.enum(['filter', 'nat', 'route']),
        hook: text,
        prio: z.int(),
        policy: z.enum(['accept', 'drop']),
      }),
    ),
    rules: z.array(z.strictObject({ chain: text, expr: z.array(z.json()) })),
  }),
  'bpf-map': z.strictObject({
    name: text,
    type: text,
    keySize: u32,
    valueSize: u32,
    maxEntries: u32,
  }),
  'bpf-program': z.strictObject({
    name: text,
    object: text,
    features: z.record(z.string(), z.boolean()),
  }),
  'bpf-link': z.discriminatedUnion('attach', [
    z.strictObject({ attach: z.literal('tc-block'), block: u32, program: text }),
    z.strictObject({
      attach: z.literal('tcx'),
      device: text,
      direction: z.enum(['ingress', 'egress']),
      program: text,
    }),
    z.strictObject({ attach: z.literal('sk-lookup'), netns: text, program: text }),
    z.strictObject({ attach: z.literal('cgroup'), cgroup: text, program: text }),
  ]),
  proxy: z.strictObject({
    version: z.int().min(1),
    mode: z.enum(REDIRECT_MODES),
    netns: text.optional(),
    cgroup: text.optional(),
    listeners: z
      .array(
        z.strictObject({
          id: z.int().min(1).max(0x3fff_ffff),
          protocol: z.enum(['http', 'dns', 'tls', 'plugin']),
          direction: z.enum(['ingress', 'egress']),
          plugin: text.optional(),
          denyBody: z.string().optional(),
          port: z.int().min(1).max(65_535).optional(),
          rules: z.array(z.json()).readonly(),
        }),
      )
      .readonly(),
    running: z.boolean(),
    names: z
      .strictObject({
        selectors: z
          .array(z.strictObject({ matchName: text.optional(), matchPattern: text.optional() }))
          .readonly(),
        prefixes: z.array(z.strictObject({ prefix: text, identity: u32 })).readonly(),
        classes: z.record(z.string(), u32).readonly(),
      })
      .optional(),
  }),
};

type PlainName = keyof typeof attributes;

const plain = (Object.keys(attributes) as PlainName[]).map((kind) =>
  z.strictObject({
    kind: z.literal(kind),
    key: text,
    attributes: attributes[kind],
    origin: origin.optional(),
    notes: z.record(z.string(), z.string()).optional(),
  }),
);

const cell = z.union([z.string(), z.number()]);
const row = z.strictObject({
  key: z.record(z.string(), cell),
  value: z.record(z.string(), cell),
  origin: origin.optional(),
});

const entries = z.strictObject({
  kind: z.literal('bpf-entries'),
  key: text,
  map: text,
  label: z.string().optional(),
  origin: origin.optional(),
  rows: z.array(row),
});

export const originSchema = origin;
export const resourceSchema = z.union([entries, ...plain]);
export const stateSchema = z.strictObject({
  version: z.literal(1),
  node: text,
  resources: z.array(resourceSchema),
  previous: z.array(text).optional(),
});
export type ResourceDocument = z.infer<typeof resourceSchema>;
export type EntriesDocument = z.infer<typeof entries>;
export type StateDocument = z.infer<typeof stateSchema>;

/** The first few complaints, each with the place it is about. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join('.') || 'top'}: ${issue.message}`)
    .join('\n');
}
