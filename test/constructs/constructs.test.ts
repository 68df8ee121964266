import {
  App,
  Construct,
  Endpoint,
  NetworkPolicy,
  Node,
  sctp,
  sctpRange,
  tcp,
  tcpRange,
  udp,
  udpRange,
} from 'plumbline';
import { describe, expect, test } from 'vitest';

/** What `toThrow` compares with an error. */
const code = (expected: string): Error => expect.objectContaining({ code: expected });

describe('a node', () => {
  test('is named by its id and has defaults for all but its ranges', () => {
    const app = new App();
    new Node(app, 'hoth', { podCIDRs: ['10.1.0.0/24', '10.2.0.0/24', 'fd00:10:1::/64'] });
    expect(app.toDocument().nodes).toEqual([
      {
        origin: expect.objectContaining({ path: 'hoth', line: expect.any(Number) }),
        name: 'hoth',
        podCIDRs: ['10.1.0.0/24', '10.2.0.0/24', 'fd00:10:1::/64'],
        gateways: ['10.1.0.1', 'fd00:10:1::1'],
        addresses: [],
        allowLocalhost: true,
        enforcement: 'default',
        mtu: 1500,
      },
    ]);
  });

  test('keeps what it is given', () => {
    const app = new App();
    const props = {
      podCIDRs: ['10.1.0.0/24'],
      gateways: ['10.1.0.254'],
      addresses: ['192.0.2.1'],
      allowLocalhost: false,
      enforcement: 'always',
      mtu: 9000,
    } as const;
    new Node(app, 'hoth', props);
    expect(app.toDocument().nodes[0]).toMatchObject(props);
  });

  test('leaves a range that is none to validation', () => {
    const app = new App();
    const node = new Node(app, 'hoth', { podCIDRs: ['10.1.0.0/33'] });
    expect(node.gateways).toEqual([]);
  });
});

describe('an endpoint', () => {
  const hoth = (): Node => new Node(new App(), 'hoth', { podCIDRs: ['10.1.0.0/24'] });

  test('is named, and its network namespace is, by its id', () => {
    const xwing = new Endpoint(hoth(), 'xwing', {
      labels: { org: 'alliance' },
      address: '10.1.0.8',
    });
    expect(xwing.toSpec()).toMatchObject({
      name: 'xwing',
      netns: 'xwing',
      node: 'hoth',
      labels: { org: 'alliance' },
      addresses: ['10.1.0.8'],
      origin: { path: 'hoth/xwing' },
    });
  });

  test('may have another name, another namespace and an address of each family', () => {
    const addresses = ['10.1.0.8', 'fd00::8'];
    const props = { labels: {}, name: 'red-5', netns: 'red', addresses };
    expect(new Endpoint(hoth(), 'xwing', props).toSpec()).toMatchObject(props);
  });

  test('belongs to the node around it, however far', () => {
    const group = new Construct(new Construct(hoth(), 'fleet'), 'red');
    const spec = new Endpoint(group, 'five', { labels: {}, address: '10.1.0.8' }).toSpec();
    expect(spec).toMatchObject({ node: 'hoth', origin: { path: 'hoth/fleet/red/five' } });
  });

  test('is not changed by what happens to its labels afterwards', () => {
    const labels: Record<string, string> = { org: 'empire' };
    const ship = new Endpoint(hoth(), 'ship', { labels, address: '10.1.0.8' });
    labels['org'] = 'alliance';
    expect(ship.toSpec().labels).toEqual({ org: 'empire' });
    expect(() => Object.assign(ship.labels, labels)).toThrow(TypeError);
  });

  test('knows the line that made it, and puts the hooks for stacks back', () => {
    const { stackTraceLimit, prepareStackTrace } = Error;
    const node = hoth();
    const { origin } = new Endpoint(node, 'ship', { labels: {}, address: '10.1.0.8' });
    expect(origin.file).toMatch(/constructs\.test\.ts$/);
    expect(origin.line).toBeGreaterThan(1);
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
    expect(Error.prepareStackTrace).toBe(prepareStackTrace);
  });

  test.each([
    ['labels', { labels: undefined, address: '10.1.0.8' }],
    ['addresses', { labels: {} }],
    ['labels.org', { labels: { org: undefined }, address: '10.1.0.8' }],
    ['labels.org', { labels: { org: () => 'empire' }, address: '10.1.0.8' }],
  ])('without %s that are data is refused', (name, props) => {
    const make = (): Endpoint => new Endpoint(hoth(), 'ship', props as never);
    expect(make).toThrow(code('PLB_NOT_PLAIN'));
    expect(make).toThrow(`hoth/ship: ${name} is`);
  });

  test('with a property that there is not is refused', () => {
    const props = { labels: {}, address: '10.1.0.8', lable: {} };
    expect(() => new Endpoint(hoth(), 'ship', props)).toThrow(code('PLB_UNKNOWN_FIELD'));
  });

  test('outside a node is refused', () => {
    const make = (): Endpoint =>
      new Endpoint(new App(), 'ship', { labels: {}, address: '10.1.0.8' });
    expect(make).toThrow(code('PLB_ENDPOINT_OUTSIDE_NODE'));
  });

  test('whose id its scope has already is refused', () => {
    const node = hoth();
    const make = (): Endpoint => new Endpoint(node, 'ship', { labels: {}, address: '10.1.0.8' });
    make();
    expect(make).toThrow(code('PLB_DUPLICATE_NAME'));
  });

  test.each(['toString', 'constructor', '__proto__'])('called %s is not lost', (id) => {
    const node = hoth();
    let made = 0;
    try {
      new Endpoint(node, id, { labels: {}, address: '10.1.0.8' });
      made = 1;
    } catch {
      // Refused is as good.
    }
    expect(node.node.children).toHaveLength(made);
  });
});

describe('a policy', () => {
  test('folds the peers of both directions into one shape', () => {
    const peers = {
      cidr: ['192.0.2.0/24'],
      cidrSet: [{ cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }],
    };
    const { cidr, cidrSet } = peers;
    const icmps = [{ fields: [{ family: 'IPv4', type: 8 }] }] as const;
    const policy = new NetworkPolicy(new App(), 'p', {
      endpointSelector: { matchExpressions: [{ key: 'org', operator: 'In', values: ['empire'] }] },
      description: 'all there is',
      ingress: [{ fromEndpoints: [{}] }, { fromCIDR: cidr, fromCIDRSet: cidrSet }],
      ingressDeny: [{ fromEntities: ['world'], icmps }],
      egress: [{ toEndpoints: [], toPorts: [{ ports: [{ port: 53, protocol: 'ANY' }] }] }, {}],
      egressDeny: [{ toCIDR: cidr, toCIDRSet: cidrSet }, { toEntities: ['host'] }],
      enableDefaultDeny: { egress: false },
    });
    expect(policy.toSpec()).toEqual({
      origin: expect.objectContaining({ path: 'p' }),
      name: 'p',
      description: 'all there is',
      endpointSelector: { matchExpressions: [{ key: 'org', operator: 'In', values: ['empire'] }] },
      ingress: [{ endpoints: [{}] }, peers],
      ingressDeny: [{ entities: ['world'], icmps }],
      egress: [{ endpoints: [], toPorts: [{ ports: [{ port: 53, protocol: 'ANY' }] }] }, {}],
      egressDeny: [peers, { entities: ['host'] }],
      enableDefaultDeny: { egress: false },
    });
  });

  test('keeps an empty list of rules apart from none', () => {
    const policy = new NetworkPolicy(new App(), 'p', { endpointSelector: {}, ingress: [] });
    expect(policy.toSpec()).toHaveProperty('ingress', []);
    expect(policy.toSpec()).not.toHaveProperty('egress');
  });

  test('takes a port for a list of one', () => {
    const policy = new NetworkPolicy(new App(), 'p', {
      endpointSelector: {},
      name: 'ports',
      egress: [{ toPorts: [tcp(80), { ports: [udp(53), sctp(7)] }] }],
    });
    expect(policy.name).toBe('ports');
    expect(policy.toSpec().egress?.[0]?.toPorts).toEqual([
      { ports: [{ port: 80, protocol: 'TCP' }] },
      {
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 7, protocol: 'SCTP' },
        ],
      },
    ]);
  });

  test.each([
    ['ingress', { ingress: undefined }],
    ['ingress[0].fromEndpoints', { ingress: [{ fromEndpoints: undefined }] }],
    ['ingress[1]', { ingress: [{}, , {}] }],
    ['egress[0].toPorts[0].port', { egress: [{ toPorts: [tcp(NaN)] }] }],
    ['egress[0].toCIDR', { egress: [{ toCIDR: new Set(['10.0.0.0/8']) }] }],
    [
      'endpointSelector.matchLabels',
      { endpointSelector: JSON.parse('{"matchLabels":{"__proto__":"x"}}') },
    ],
  ])('that would lose its %s on the way is refused', (name, props) => {
    const make = (): NetworkPolicy =>
      new NetworkPolicy(new App(), 'p', { endpointSelector: {}, ...props } as never);
    expect(make).toThrow(code('PLB_NOT_PLAIN'));
    expect(make).toThrow(`.${name} is`);
  });

  test.each([
    ['ingress', { ingress: [{ toEndpoints: [] }] }],
    ['egressDeny', { egressDeny: [{ fromCIDR: [] }] }],
    ['ingress', { ingress: [{ endpoints: [] }] }],
    ['policy', { ingres: [] }],
    ['inherited', { ingress: [{ toString: [] }] }],
  ])('with a field that %s does not have is refused', (_where, props) => {
    expect(() => new NetworkPolicy(new App(), 'p', { endpointSelector: {}, ...props })).toThrow(
      code('PLB_UNKNOWN_FIELD'),
    );
  });
});

test('ports are one or a range, of one protocol', () => {
  expect([tcp(80), udp(53), sctp(7)]).toEqual([
    { port: 80, protocol: 'TCP' },
    { port: 53, protocol: 'UDP' },
    { port: 7, protocol: 'SCTP' },
  ]);
  expect([tcpRange(8000, 8080), udpRange(1, 2), sctpRange(3, 4)]).toEqual([
    { port: 8000, endPort: 8080, protocol: 'TCP' },
    { port: 1, endPort: 2, protocol: 'UDP' },
    { port: 3, endPort: 4, protocol: 'SCTP' },
  ]);
});

describe('ports of an endpoint', () => {
  const make = (ports: object) => {
    const hoth = new Node(new App(), 'hoth', { podCIDRs: ['10.1.0.0/24'] });
    return new Endpoint(hoth, 'xwing', { labels: {}, address: '10.1.0.8', ports: ports as never });
  };

  test('are labels, so that endpoints with other ports are other peers', () => {
    expect(make({ http: tcp(80), dns: udp(53) }).labels).toEqual({
      'port:http': '80/TCP',
      'port:dns': '53/UDP',
    });
  });

  test.each([[{ HTTP: tcp(80) }], [{ http: tcpRange(80, 90) }], [{ http: tcp(0) }]])(
    'are one number by one name: %j is refused',
    (ports) => {
      expect(() => make(ports)).toThrow(code('PLB_INVALID_PORT'));
    },
  );
});
