import { describe, expect, test } from 'vitest';
import type { EndpointSpec, NodeSpec, ProgramDocument } from '../../src/model/program.js';
import { validateProgram } from '../../src/model/validate-program.js';

let line = 0;

function node(name: string, changes: Partial<NodeSpec> = {}): NodeSpec {
  return {
    origin: { path: name, file: 'plumb.ts', line: ++line },
    name,
    podCIDRs: ['10.1.0.0/24', 'fd00:10:1::/64'],
    gateways: ['10.1.0.1', 'fd00:10:1::1'],
    addresses: [],
    allowLocalhost: true,
    enforcement: 'default',
    mtu: 1500,
    ...changes,
  };
}

function endpoint(
  name: string,
  address: string,
  changes: Partial<EndpointSpec> = {},
): EndpointSpec {
  return {
    origin: { path: `hoth/${name}`, file: 'plumb.ts', line: ++line },
    name,
    node: 'hoth',
    labels: { org: 'empire' },
    addresses: [address],
    netns: name,
    ...changes,
  };
}

function codes(nodes: NodeSpec[], endpoints: EndpointSpec[] = []): [string, string | undefined][] {
  const document: ProgramDocument = { version: 1, nodes, endpoints, policies: [], services: [] };
  return validateProgram(document).map(({ code, origin }) => [code, origin?.path]);
}

const hoth = node('hoth');

describe('a program', () => {
  test('of two nodes with endpoints of both families is valid', () => {
    const endor = node('endor.moon-1', {
      podCIDRs: ['10.2.0.0/24'],
      gateways: ['10.2.0.1'],
      addresses: ['192.0.2.2'],
    });
    const ships = [
      endpoint('xwing', '10.1.0.8'),
      endpoint('ywing', '10.1.0.9', { addresses: ['10.1.0.9', 'fd00:10:1::9'] }),
      endpoint('xwing', '10.2.0.8', { node: 'endor.moon-1' }),
    ];
    expect(codes([hoth, endor], ships)).toEqual([]);
  });

  test('without a node is refused', () => {
    expect(codes([])).toEqual([['PLB_NO_NODE', undefined]]);
  });

  test('hears of everything that is wrong at once, each with where and what to do', () => {
    const document: ProgramDocument = {
      version: 1,
      nodes: [hoth],
      endpoints: [endpoint('X', '10.1.0.8'), endpoint('y', '10.9.0.1'), endpoint('z', '10.1.0.8')],
      policies: [],
      services: [],
    };
    const errors = validateProgram(document);
    expect(errors.map(({ code }) => code)).toEqual([
      'PLB_INVALID_NAME',
      'PLB_ADDRESS_OUT_OF_RANGE',
      'PLB_DUPLICATE_ADDRESS',
    ]);
    for (const { origin, hint } of errors) {
      expect(origin).toMatchObject({ file: 'plumb.ts', line: expect.any(Number) });
      expect(hint).toMatch(/\.$/);
    }
  });
});

describe('names', () => {
  test('of nodes are taken once', () => {
    const other = node('hoth', { podCIDRs: ['10.2.0.0/24'], gateways: ['10.2.0.1'] });
    expect(codes([hoth, other])).toEqual([['PLB_DUPLICATE_NAME', 'hoth']]);
  });

  test('of endpoints, and of network namespaces, are taken once on a node', () => {
    const twice = { ...endpoint('a', '10.1.0.9'), origin: { path: 'hoth/group/a' } };
    expect(codes([hoth], [endpoint('a', '10.1.0.8', { netns: 'b' }), twice])).toEqual([
      ['PLB_DUPLICATE_NAME', 'hoth/group/a'],
    ]);
    expect(
      codes([hoth], [endpoint('a', '10.1.0.8'), endpoint('b', '10.1.0.9', { netns: 'a' })]),
    ).toEqual([['PLB_DUPLICATE_NAME', 'hoth/b']]);
  });

  test.each(['X', 'a_b', '-a', 'a-', 'a.b', 'a'.repeat(64), '', '../a'])(
    'of endpoints cannot be %j',
    (name) => {
      const [first] = codes([hoth], [endpoint(name, '10.1.0.8', { netns: 'good' })]);
      expect(first).toEqual(['PLB_INVALID_NAME', `hoth/${name}`]);
    },
  );

  test.each(['Hoth', 'a..b', 'a/b', '.a', `${'a.'.repeat(125)}a`])(
    'of nodes cannot be %j',
    (name) => {
      expect(codes([node(name)])).toEqual([['PLB_INVALID_NAME', name]]);
    },
  );

  test.each(['', '.', '..', 'a/b', '-a', 'a b', 'a'.repeat(64)])(
    'of network namespaces cannot be %j',
    (netns) => {
      expect(codes([hoth], [endpoint('a', '10.1.0.8', { netns })])).toEqual([
        ['PLB_INVALID_NAME', 'hoth/a'],
      ]);
    },
  );

  test('of nodes must be there', () => {
    expect(codes([hoth], [endpoint('a', '10.1.0.8', { node: 'endor' })])).toEqual([
      ['PLB_UNKNOWN_NODE', 'hoth/a'],
    ]);
  });
});

describe('labels', () => {
  test.each([
    ['app', ''],
    ['app', 'Death_Star.v1-2'],
    ['k8s:app', 'x'],
    ['k8s:io.kubernetes.pod.namespace', 'empire'],
    ['app.kubernetes.io/name', 'x'],
    ['any:app.kubernetes.io/name', 'x'],
  ])('may be %s=%s', (key, value) => {
    expect(codes([hoth], [endpoint('a', '10.1.0.8', { labels: { [key]: value } })])).toEqual([]);
  });

  test.each([
    ['', 'x'],
    ['-app', 'x'],
    ['a b', 'x'],
    ['reserved:host', ''],
    ['K8S:app', 'x'],
    ['a/b/c', 'x'],
    ['/app', 'x'],
    ['Prefix.io/app', 'x'],
    ['a'.repeat(64), 'x'],
    ['app', 'a b'],
    ['app', 'x-'],
    ['app', 'a'.repeat(64)],
  ])('cannot be %s=%s', (key, value) => {
    expect(codes([hoth], [endpoint('a', '10.1.0.8', { labels: { [key]: value } })])).toEqual([
      ['PLB_INVALID_LABEL', 'hoth/a'],
    ]);
  });

  test('cannot be there twice, with and without a source that says nothing', () => {
    const labels = { app: 'x', 'k8s:app': 'y' };
    expect(codes([hoth], [endpoint('a', '10.1.0.8', { labels })])).toEqual([
      ['PLB_INVALID_LABEL', 'hoth/a'],
    ]);
  });

  test('may be those of a namespace, whose own keys are as long as any', () => {
    const labels = { [`io.cilium.k8s.namespace.labels.example.org/${'a'.repeat(63)}`]: 'x' };
    expect(codes([hoth], [endpoint('a', '10.1.0.8', { labels })])).toEqual([]);
  });
});

describe('ranges', () => {
  test.each([
    '10.1.0.0',
    '10.1.0.5/24',
    '10.1.0.0/33',
    'moon',
    '127.0.0.0/8',
    '0.0.0.0/0',
    '169.254.1.0/24',
    '230.0.0.0/8',
    '::/0',
    '::/96',
    'fe80::/64',
    'ff02::/16',
  ])('cannot be %s', (cidr) => {
    const six = cidr.includes(':');
    const changes = { podCIDRs: [cidr], gateways: six ? ['fd00::1'] : ['10.1.0.1'] };
    expect(codes([node('hoth', changes)])).toContainEqual(['PLB_INVALID_CIDR', 'hoth']);
  });

  test('must be there', () => {
    expect(codes([node('hoth', { podCIDRs: [], gateways: [] })])).toEqual([
      ['PLB_INVALID_CIDR', 'hoth'],
    ]);
  });

  test('overlap neither on a node nor between two', () => {
    const within = node('hoth', {
      podCIDRs: ['10.1.0.0/24', '10.1.0.128/25'],
      gateways: ['10.1.0.1'],
    });
    expect(codes([within])).toEqual([['PLB_OVERLAPPING_CIDR', 'hoth']]);
    const endor = node('endor', { podCIDRs: ['10.0.0.0/8'], gateways: ['10.9.0.1'] });
    expect(codes([hoth, endor])).toEqual([['PLB_OVERLAPPING_CIDR', 'endor']]);
  });

  test('each need a gateway of their family, inside them, and not two', () => {
    expect(codes([node('hoth', { gateways: ['10.1.0.1'] })])).toEqual([['PLB_NO_GATEWAY', 'hoth']]);
    const outside = ['10.2.0.1', 'fd00:10:1::1'];
    expect(codes([node('hoth', { gateways: outside })])).toEqual([
      ['PLB_ADDRESS_OUT_OF_RANGE', 'hoth'],
    ]);
    const two = ['10.1.0.1', '10.1.0.2', 'fd00:10:1::1'];
    expect(codes([node('hoth', { gateways: two })])).toEqual([['PLB_ADDRESS_FAMILY', 'hoth']]);
    expect(codes([node('hoth', { gateways: ['tatooine'] })])).toEqual([
      ['PLB_INVALID_ADDRESS', 'hoth'],
    ]);
  });

  test.each([1279, 65_536, 1500.5, 0])('with IPv6 need an MTU other than %d', (mtu) => {
    expect(codes([node('hoth', { mtu })])).toEqual([['PLB_INVALID_MTU', 'hoth']]);
  });

  test('of IPv4 alone do with less MTU', () => {
    const four = { podCIDRs: ['10.1.0.0/24'], gateways: ['10.1.0.1'] };
    expect(codes([node('hoth', { ...four, mtu: 576 })])).toEqual([]);
    expect(codes([node('hoth', { ...four, mtu: 67 })])).toEqual([['PLB_INVALID_MTU', 'hoth']]);
  });
});

describe('addresses', () => {
  test.each([
    ['10.1.0.300', 'PLB_INVALID_ADDRESS'],
    ['10.1.0.8/24', 'PLB_INVALID_ADDRESS'],
    ['10.2.0.8', 'PLB_ADDRESS_OUT_OF_RANGE'],
    ['fd00:10:2::8', 'PLB_ADDRESS_OUT_OF_RANGE'],
    ['10.1.0.1', 'PLB_DUPLICATE_ADDRESS'],
    ['fd00:10:1:0:0:0:0:1', 'PLB_DUPLICATE_ADDRESS'],
  ])('of endpoints cannot be %s', (address, code) => {
    expect(codes([hoth], [endpoint('a', address)])).toEqual([[code, 'hoth/a']]);
  });

  test('of endpoints cannot be those of the host', () => {
    const host = node('hoth', { addresses: ['10.1.0.200'] });
    expect(codes([host], [endpoint('a', '10.1.0.200')])).toEqual([
      ['PLB_DUPLICATE_ADDRESS', 'hoth/a'],
    ]);
  });

  test('are one of a family, and at least one', () => {
    const two = endpoint('a', '', { addresses: ['10.1.0.8', '10.1.0.9'] });
    expect(codes([hoth], [two])).toEqual([['PLB_ADDRESS_FAMILY', 'hoth/a']]);
    expect(codes([hoth], [endpoint('a', '', { addresses: [] })])).toEqual([
      ['PLB_NO_ADDRESS', 'hoth/a'],
    ]);
  });
});
