import { beforeAll, describe, expect, it } from 'vitest';
import { synthesize, type Desired } from '../../src/engine/desired.js';
import { explainRequest } from '../../src/engine/explain-request.js';
import { recordOfAccess, type RequestRecord } from '../../src/proxy/record.js';
import { parseAccessLine } from '../../src/proxy/haproxy/access.js';
import { renderRequest, type ExplainedRequest } from '../../src/report/request.js';
import { hex8 } from '../../src/state/columns.js';

describe('a request that a proxy judged', () => {
  let applied: Desired;
  let listener: number;

  beforeAll(async () => {
    applied = await synthesize('examples/star-wars-l7/plumb.ts');
    [listener = 0] = applied.policy.listeners.keys();
  });

  const told = (change: Partial<RequestRecord> = {}): RequestRecord => ({
    type: 'request',
    time: Date.UTC(2026, 0, 31, 12),
    ...{ protocol: 'http', transport: 'TCP', listener },
    ...{ client: '10.1.0.21', clientPort: 4000, server: '10.1.0.11', serverPort: 80 },
    verdict: 'denied',
    request: 'PUT /v1/exhaust-port',
    answer: '403',
    ...change,
  });
  const explain = (change?: Partial<RequestRecord>): ExplainedRequest =>
    explainRequest(told(change), applied);

  it('has identities of both ends, and the lines of all rules where none let it through', () => {
    const { policy, allocation, document } = applied;
    const idOf = (name: string): number =>
      allocation.idOf(document.endpoints.find((one) => one.name === name)!.labels);
    const origin = policy.listeners.get(listener)!.rules[0]!.origins[0]!;
    expect(origin).toMatchObject({ file: 'plumb.ts', line: 25 });
    expect(explain()).toEqual({
      version: 1,
      type: 'request',
      time: '2026-01-31T12:00:00.000Z',
      verdict: 'denied',
      protocol: 'TCP',
      l7: 'http',
      direction: 'ingress',
      source: {
        endpoint: 'tiefighter',
        address: '10.1.0.21',
        port: 4000,
        identity: idOf('tiefighter'),
        labels: { org: 'empire', class: 'tiefighter' },
      },
      destination: {
        endpoint: 'deathstar',
        address: '10.1.0.11',
        port: 80,
        identity: idOf('deathstar'),
        labels: { org: 'empire', class: 'deathstar' },
      },
      request: 'PUT /v1/exhaust-port',
      answer: '403',
      listener: hex8(listener),
      rules: [origin],
    });
  });

  it.each([
    ['10.1.0.1', 1, 'host'],
    ['fd00:10:1::99', 3, 'unmanaged'],
    ['198.51.100.9', 9, 'world-ipv4'],
    ['2001:db8::9', 10, 'world-ipv6'],
  ])('of %s, which is no endpoint, has identity %i', (client, identity, name) => {
    const { source } = explain({ client });
    expect(source).toMatchObject({ address: client, identity });
    expect(Object.keys(source.labels)).toContain(`reserved:${name}`);
    expect(source.endpoint).toBeUndefined();
  });

  it('that a rule let through has the lines of that rule alone', () => {
    const rules = explain({ verdict: 'allowed', rule: 0, answer: '200' }).rules;
    expect(rules).toHaveLength(1);
    expect(explain({ verdict: 'allowed', rule: 7 }).rules).toEqual([]);
  });

  it('of a listener that the program does not have names no rule', () => {
    const event = explain({ listener: 5 });
    expect(event).toMatchObject({ listener: '00000005', rules: [] });
    expect(event.direction).toBeUndefined();
  });

  it('without a program has addresses only', () => {
    expect(explainRequest(told(), undefined)).toMatchObject({
      source: { address: '10.1.0.21', port: 4000, identity: 0, labels: {} },
      rules: [],
    });
  });

  it.each([
    [
      {},
      /^12:00:00\.000 {2}denied {3}tiefighter.* -> deathstar.* {2}http PUT \/v1\/exhaust-port 403 {2}ingress {2}not in .*plumb\.ts:\d+$/,
    ],
    [{ verdict: 'allowed', rule: 0, note: 'header X differs' }, / header X differs {2}by .*:\d+$/],
  ] as const)('is one line: %j', (change, line) => {
    expect(renderRequest(explain(change), { colour: false })).toMatch(line);
  });
});

describe('a line of the access log', () => {
  const line = (change: object = {}): string =>
    JSON.stringify({
      ...{ type: 'http', listener: 7, time: 1_769_860_800_123 },
      ...{ client: '::ffff:10.1.0.21', clientPort: 4000, server: 'fd00::1', serverPort: 80 },
      ...{ status: 200, method: 'GET', path: '/v1/x', host: 'a.b', rule: '0', mismatch: '-' },
      ...change,
    });
  const record = (change?: object) => recordOfAccess(parseAccessLine(line(change))!);

  it('is a record: who asked whom for what, and which rule let it through', () => {
    expect(record()).toEqual({
      ...{ type: 'request', protocol: 'http', transport: 'TCP' },
      ...{ listener: 7, time: 1_769_860_800_123 },
      ...{ client: '10.1.0.21', clientPort: 4000, server: 'fd00::1', serverPort: 80 },
      ...{ verdict: 'allowed', rule: 0, request: 'GET /v1/x of a.b', answer: '200' },
    });
  });

  it.each<[object, object]>([
    [
      { rule: '-', status: 403 },
      { verdict: 'denied', answer: '403' },
    ],
    [{ rule: '' }, { verdict: 'denied' }],
    [{ rule: '-1' }, { verdict: 'allowed', rule: undefined }],
    [{ mismatch: 'X-Log' }, { note: 'header X-Log differs' }],
    [{ host: '10.1.0.11' }, { request: 'GET /v1/x' }],
    [{ host: '[fd00::1]' }, { request: 'GET /v1/x' }],
    [{ status: -1 }, { answer: undefined }],
    [{ method: '-', path: '-', host: '-' }, { request: '? ' }],
    [
      { type: 'tls', sni: 'a.b', status: undefined },
      { protocol: 'tls', request: 'a.b' },
    ],
    [
      { type: 'tls', sni: '-', rule: '-' },
      { request: 'no name', verdict: 'denied' },
    ],
  ])('with %j says %j', (change, expected) => {
    const said = record(change);
    const all = Object.fromEntries(
      Object.keys(expected).map((key) => [key, said[key as keyof RequestRecord]]),
    );
    expect(all).toEqual(expected);
  });

  it.each(['', 'Proxy l7 started.', '[]', 'null', '1', '{}', '{"type":"tcp"}', '{"type":"http"'])(
    'is not what else HAProxy says: %j',
    (text) => {
      expect(parseAccessLine(text)).toBeUndefined();
    },
  );
});
