import { describe, expect, test } from 'vitest';
import { validateProgram } from '../../src/model/validate-program.js';
import type { EndpointSpec, NodeSpec, ProgramDocument } from '../../src/model/program.js';
import type { ServiceSpec } from '../../src/model/service.js';
import { rowsOf } from '../../src/state/columns.js';
import { SCOPE_OUTSIDE } from '../../src/state/layout-services.js';
import type { EntriesResource } from '../../src/state/state.js';
import { serviceEntries } from '../../src/synth/services.js';

const node: NodeSpec = {
  origin: { path: 'hoth' },
  name: 'hoth',
  podCIDRs: ['10.1.0.0/24', 'fd01::/64'],
  gateways: ['10.1.0.1', 'fd01::1'],
  addresses: [],
  allowLocalhost: true,
  enforcement: 'default',
  mtu: 1500,
};
const endpoint = (name: string, last: number): EndpointSpec => ({
  origin: { path: `hoth/${name}` },
  name,
  node: 'hoth',
  labels: { app: 'web' },
  addresses: [`10.1.0.${String(last)}`, `fd01::${String(last)}`],
  netns: name,
});
const web: ServiceSpec = {
  origin: { path: 'web' },
  name: 'web',
  addresses: ['10.96.0.1', 'fd96::1'],
  ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }],
  selector: { matchLabels: { app: 'web' } },
  backends: [],
  algorithm: 'random',
  affinity: 0,
};
const program = (...services: ServiceSpec[]): ProgramDocument => ({
  version: 1,
  nodes: [node],
  endpoints: [endpoint('a', 11), endpoint('b', 12)],
  policies: [],
  services,
});
const entriesOf = (document: ProgramDocument, on = node) => serviceEntries(document, on);
const rows = (resources: readonly EntriesResource[], map: string) =>
  resources
    .filter((resource) => resource.map === map)
    .flatMap((resource) => rowsOf(resource.map, resource.columns));

describe('a service', () => {
  test('leads each of its addresses to the selected endpoints of that family', () => {
    const backends = rows(entriesOf(program(web)), 'plumb_backends');
    const ends = backends.map(
      ({ value }) => `${String(value['address'])} ${String(value['port'])}`,
    );
    expect(ends.sort()).toEqual([
      '10.1.0.11 8080',
      '10.1.0.12 8080',
      'fd01::11 8080',
      'fd01::12 8080',
    ]);
  });

  test('has a row that says that its address is a service, so that its other ports are nobody’s', () => {
    const keys = rows(entriesOf(program(web)), 'plumb_services').map(({ key }) => key);
    expect(keys).toContainEqual({ address: '10.96.0.1', port: 0, protocol: 0, scope: 0 });
    expect(keys).toContainEqual({ address: '10.96.0.1', port: 80, protocol: 6, scope: 0 });
  });

  test('gives weights their shares of the slots, and none to a back-end that drains', () => {
    const backends = [
      { address: '10.1.0.11', weight: 0 },
      { address: '10.1.0.12', weight: 4 },
      { address: '192.0.2.1', weight: 2 },
    ];
    const made = entriesOf(program({ ...web, addresses: ['10.96.0.1'], backends }));
    const slots = rows(made, 'plumb_backends').map(({ value }) => value['address']);
    expect(slots).toEqual(['10.1.0.12', '10.1.0.12', '192.0.2.1']);
    expect(rows(made, 'plumb_members')).toHaveLength(3);
  });

  test('shares its set of back-ends with a service that has the same', () => {
    const other = { ...web, name: 'other', addresses: ['10.96.0.2', 'fd96::2'] };
    const sets = (made: readonly EntriesResource[]) =>
      made.filter(({ map }) => map === 'plumb_backends').map(({ key }) => key);
    expect(sets(entriesOf(program(web, other)))).toEqual(sets(entriesOf(program(web))));
  });
});

describe('a service is refused', () => {
  const codes = (service: ServiceSpec) => validateProgram(program(service)).map(({ code }) => code);

  test('unless there is something wrong, it is not', () => {
    expect(codes(web)).toEqual([]);
  });

  test.each<[string, Partial<ServiceSpec>, string]>([
    ['whose address is a range’s', { addresses: ['10.1.0.99'] }, 'PLB_INVALID_SERVICE'],
    ['without an address', { addresses: [] }, 'PLB_NO_ADDRESS'],
    [
      'with two addresses of one family',
      { addresses: ['10.96.0.1', '10.96.0.2'] },
      'PLB_ADDRESS_FAMILY',
    ],
    ['whose address is none', { addresses: ['web'] }, 'PLB_INVALID_ADDRESS'],
    ['without ports', { ports: [] }, 'PLB_INVALID_SERVICE'],
    [
      'with SCTP to another port',
      { ports: [{ port: 80, targetPort: 81, protocol: 'SCTP' }] },
      'PLB_INVALID_SERVICE',
    ],
    [
      'with a port that there is not',
      { ports: [{ port: 70_000, targetPort: 81, protocol: 'TCP' }] },
      'PLB_INVALID_SERVICE',
    ],
    [
      'with half a weight',
      { backends: [{ address: '10.1.0.11', weight: 0.5 }] },
      'PLB_INVALID_SERVICE',
    ],
    ['with a back-end by name', { backends: [{ address: 'a', weight: 1 }] }, 'PLB_INVALID_ADDRESS'],
    ['with an affinity of years', { affinity: 1e9 }, 'PLB_INVALID_SERVICE'],
    ['whose name is no DNS label', { name: 'Web' }, 'PLB_INVALID_NAME'],
  ])('%s', (_, change, code) => {
    expect(codes({ ...web, ...change })).toEqual([code]);
  });

  test('with back-ends elsewhere too has a row for what comes from outside, to those of this node', () => {
    const near = { ...node, devices: ['up0'] };
    const backends = [{ address: '192.0.2.1', weight: 1 }];
    const mixed = program({ ...web, addresses: ['10.96.0.1'], backends });
    const scopes = (made: readonly EntriesResource[]) =>
      rows(made, 'plumb_services')
        .filter(({ key }) => key['port'] === 80)
        .map(({ key, value }) => [key['scope'], value['slots']]);
    expect(scopes(entriesOf(mixed, near))).toEqual([
      [0, 3],
      [SCOPE_OUTSIDE, 2],
    ]);
    // Nothing comes from outside; all are here; none is here.
    expect(scopes(entriesOf(mixed))).toEqual([[0, 3]]);
    expect(scopes(entriesOf(program({ ...web, addresses: ['10.96.0.1'] }), near))).toEqual([
      [0, 2],
    ]);
    expect(scopes(entriesOf(mixed, { ...near, name: 'naboo' }))).toEqual([[0, 3]]);
  });
});
