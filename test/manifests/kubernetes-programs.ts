import fc from 'fast-check';
import { defined } from '../../src/manifests/reader.js';
import { NAMESPACE_LABEL, NAMESPACE_LABELS_PREFIX } from '../../src/model/namespace.js';
import type { Labels, PolicySpec, ProgramDocument, SelectorSpec } from '../../src/model/program.js';
import { ownLabels, selector } from '../policy/arbitrary-rules.js';
import { program } from './arbitrary-programs.js';

const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: 1, maxLength: 2 });

const TEAM = `${NAMESPACE_LABELS_PREFIX}team`;
const spaces = fc.constantFrom<Labels>(
  { [NAMESPACE_LABEL]: 'n1', [TEAM]: 'red' },
  { [NAMESPACE_LABEL]: 'n2', [TEAM]: 'red' },
  { [NAMESPACE_LABEL]: 'n3', [TEAM]: 'blue' },
);
const namedPorts = fc.constantFrom<Labels>(
  {},
  { 'port:http': '80/TCP' },
  { 'port:http': '8080/TCP' },
);
const endpoint = fc
  .tuple(ownLabels, spaces, namedPorts)
  .map(([own, space, ports]): Labels => ({ ...own, ...space, ...ports }));

/** Of pods in the policy's own namespace, in one that is named, or in those of a label. */
const peer = fc
  .tuple(
    selector,
    fc.constantFrom<SelectorSpec>(
      {},
      {},
      { matchLabels: { [NAMESPACE_LABEL]: 'n2' } },
      { matchLabels: { [TEAM]: 'red' } },
      { matchExpressions: [{ key: TEAM, operator: 'NotIn', values: ['red'] }] },
      { matchExpressions: [{ key: NAMESPACE_LABEL, operator: 'Exists' }] },
      { matchExpressions: [{ key: NAMESPACE_LABEL, operator: 'In', values: ['n1', 'n3'] }] },
    ),
  )
  .map(([own, space]): SelectorSpec => ({
    matchLabels: { ...own.matchLabels, ...space.matchLabels },
    matchExpressions: [...(own.matchExpressions ?? []), ...(space.matchExpressions ?? [])],
  }));

const block = fc.constantFrom(
  { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '192.168.7.0/24'] },
  { cidr: '10.1.0.0/16' },
  { cidr: '192.168.7.1/32' },
  { cidr: 'fd00::/8', except: ['fd00:1::/32'] },
);

const number = fc.constantFrom<string | number>(53, 80, '443', 8080);
const protocol = fc.constantFrom('TCP', 'UDP', 'SCTP', 'ANY');
const port = fc.oneof(
  fc.record({ port: number, protocol }),
  fc.record({ port: fc.constant(80), endPort: fc.constantFrom(80, 443, 65_535), protocol }),
  fc.record({ port: fc.constant('http'), protocol: fc.constantFrom('TCP', 'ANY') }),
  fc.constant({ port: 443 }),
);

const rule = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ endpoints: some(peer) }) },
      { weight: 3, arbitrary: fc.record({ cidrSet: some(block) }) },
      { weight: 1, arbitrary: fc.record({ cidr: fc.constant(['10.0.0.0/8']) }) },
      { weight: 1, arbitrary: fc.constant({ entities: ['all'] }) },
      // Nobody, which isolates and lets nothing through.
      { weight: 1, arbitrary: fc.constant({ endpoints: [] }) },
      { weight: 1, arbitrary: fc.constant({}) },
    ),
    fc.option(some(some(port)), { nil: undefined }),
  )
  .map(([who, groups]) => {
    return { ...who, ...(groups && { toPorts: groups.map((ports) => ({ ports })) }) };
  });

const policy = fc
  .record({
    namespace: fc.constantFrom('n1', 'n2'),
    endpointSelector: selector,
    ingress: fc.option(some(rule), { nil: undefined, freq: 3 }),
    egress: fc.option(some(rule), { nil: undefined, freq: 2 }),
    also: fc.constantFrom('ingress', 'egress', undefined),
  })
  .map(({ also, ...spec }) => {
    const isolated = also ?? (spec.ingress === undefined && spec.egress === undefined && 'ingress');
    return defined({
      ...spec,
      // A direction may be isolated without a rule.
      ...(isolated && { enableDefaultDeny: { [isolated]: true } }),
    });
  });

/** Programs of pods in namespaces, with policies that NetworkPolicy of Kubernetes has words for. */
export const kubernetesPrograms: fc.Arbitrary<ProgramDocument> = fc
  .tuple(
    fc.array(endpoint, { minLength: 2, maxLength: 5 }),
    fc.array(policy, { minLength: 1, maxLength: 4 }),
  )
  .map(([endpoints, list]) =>
    program(
      endpoints,
      list.map((spec, i): PolicySpec => {
        const name = `p${String(i)}`;
        return { origin: { path: name }, name, ...spec };
      }),
    ),
  );
