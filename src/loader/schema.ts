import { z } from 'zod';
import type { Origin } from '../model/error.js';
import type { PolicySpec, ProgramDocument, RuleSpec } from '../model/program.js';
import type { ServiceSpec } from '../model/service.js';

/** Strict shapes: a field that is not known here is an error, never silence. */
const count = z.int().min(1);
const strings = z.array(z.string());
const labels = z.record(z.string(), z.string());

const origin = z.strictObject({
  path: z.string(),
  file: z.string().exactOptional(),
  line: count.exactOptional(),
  column: count.exactOptional(),
}) satisfies z.ZodType<Origin>;

const node = z.strictObject({
  origin,
  name: z.string(),
  labels: labels.exactOptional(),
  isApiServer: z.boolean().exactOptional(),
  podCIDRs: strings,
  gateways: strings,
  addresses: strings,
  allowLocalhost: z.boolean(),
  enforcement: z.enum(['default', 'always', 'never']),
  mtu: z.int(),
  audit: z.boolean().exactOptional(),
  cluster: z
    .strictObject({
      name: z.string(),
      mode: z.enum(['tunnel', 'routes']),
      tunnelPort: z.number(),
    })
    .exactOptional(),
  devices: strings.exactOptional(),
  masquerade: z.boolean().exactOptional(),
  redirectMode: z.enum(['socket', 'tproxy', 'nat']).exactOptional(),
  events: z.boolean().exactOptional(),
  eventBytes: z.boolean().exactOptional(),
  eventAllowed: z.boolean().exactOptional(),
});

const endpoint = z.strictObject({
  origin,
  name: z.string(),
  node: z.string(),
  labels,
  addresses: strings,
  netns: z.string(),
  audit: z.boolean().exactOptional(),
});

const selector = z.strictObject({
  matchLabels: labels.exactOptional(),
  matchExpressions: z
    .array(
      z.strictObject({
        key: z.string(),
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: strings.exactOptional(),
      }),
    )
    .exactOptional(),
});

const entity = z.enum([
  'all',
  'world',
  'world-ipv4',
  'world-ipv6',
  'cluster',
  'host',
  'remote-node',
  'init',
  'ingress',
  'health',
  'unmanaged',
  'kube-apiserver',
  'none',
]);

const port = z.strictObject({
  port: z.union([z.string(), z.number()]),
  endPort: z.number().exactOptional(),
  protocol: z.enum(['TCP', 'UDP', 'SCTP', 'ANY']).exactOptional(),
});

const icmpField = z.strictObject({
  family: z.enum(['IPv4', 'IPv6']).exactOptional(),
  type: z.union([z.number(), z.string()]),
});

const fqdn = z.strictObject({
  matchName: z.string().exactOptional(),
  matchPattern: z.string().exactOptional(),
});

const portRule = z.strictObject({
  ports: z.array(port),
  rules: z
    .strictObject({
      http: z
        .array(
          z.strictObject({
            method: z.string().exactOptional(),
            path: z.string().exactOptional(),
            host: z.string().exactOptional(),
            headers: strings.exactOptional(),
            headerMatches: z
              .array(
                z.strictObject({
                  name: z.string(),
                  value: z.string().exactOptional(),
                  mismatch: z.enum(['LOG', 'ADD', 'DELETE', 'REPLACE']).exactOptional(),
                }),
              )
              .exactOptional(),
          }),
        )
        .exactOptional(),
      dns: z.array(fqdn).exactOptional(),
      l7proto: z.string().exactOptional(),
      l7: z.array(z.record(z.string(), z.string())).exactOptional(),
      denyBody: z.string().exactOptional(),
    })
    .exactOptional(),
  serverNames: strings.exactOptional(),
});

const rule = z.strictObject({
  origin: origin.exactOptional(),
  action: z.enum(['Accept', 'Deny', 'Pass']).exactOptional(),
  endpoints: z.array(selector).exactOptional(),
  cidr: strings.exactOptional(),
  cidrSet: z
    .array(z.strictObject({ cidr: z.string(), except: strings.exactOptional() }))
    .exactOptional(),
  cidrGroups: z
    .array(
      z.strictObject({
        name: z.string().exactOptional(),
        selector: selector.exactOptional(),
        except: strings.exactOptional(),
      }),
    )
    .exactOptional(),
  cidrMatchMode: z.array(z.enum(['pods', 'nodes'])).exactOptional(),
  entities: z.array(entity).exactOptional(),
  nodes: z.array(selector).exactOptional(),
  services: strings.exactOptional(),
  fqdns: z.array(fqdn).exactOptional(),
  toPorts: z.array(portRule).exactOptional(),
  icmps: z.array(z.strictObject({ fields: z.array(icmpField) })).exactOptional(),
}) satisfies z.ZodType<RuleSpec>;

const rules = z.array(rule).exactOptional();

const policy = z.strictObject({
  origin,
  name: z.string(),
  namespace: z.string().exactOptional(),
  description: z.string().exactOptional(),
  labels: labels.exactOptional(),
  log: z.strictObject({ value: z.string() }).exactOptional(),
  endpointSelector: selector.exactOptional(),
  nodeSelector: selector.exactOptional(),
  ingress: rules,
  ingressDeny: rules,
  egress: rules,
  egressDeny: rules,
  enableDefaultDeny: z
    .strictObject({ ingress: z.boolean().exactOptional(), egress: z.boolean().exactOptional() })
    .exactOptional(),
  tier: z.enum(['Admin', 'Baseline']).exactOptional(),
  priority: z.number().exactOptional(),
  audit: z.boolean().exactOptional(),
}) satisfies z.ZodType<PolicySpec>;

const service = z.strictObject({
  origin,
  name: z.string(),
  addresses: strings,
  ports: z.array(
    z.strictObject({
      name: z.string().exactOptional(),
      port: z.number(),
      targetPort: z.number(),
      protocol: z.enum(['TCP', 'UDP', 'SCTP']),
    }),
  ),
  selector: selector.exactOptional(),
  backends: z.array(z.strictObject({ address: z.string(), weight: z.number() })),
  algorithm: z.enum(['random', 'maglev']),
  affinity: z.number(),
}) satisfies z.ZodType<ServiceSpec>;

export const documentSchema: z.ZodType<ProgramDocument> = z.strictObject({
  version: z.literal(1),
  nodes: z.array(node),
  endpoints: z.array(endpoint),
  policies: z.array(policy),
  cidrGroups: z
    .array(z.strictObject({ origin, name: z.string(), labels, cidrs: strings }))
    .exactOptional(),
  services: z.array(service),
  lintIgnores: z
    .array(z.strictObject({ path: z.string(), code: z.string(), reason: z.string() }))
    .exactOptional(),
});
