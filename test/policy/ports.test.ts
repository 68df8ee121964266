import { describe, expect, it } from 'vitest';
import { icmpType } from '../../src/model/icmp.js';
import { isPortName, namedPort, portLabels } from '../../src/model/named-port.js';
import { explainDirection } from '../../src/verdict/explain.js';
import { Cluster, TCP, UDP } from './worlds.js';

const SCTP = 132;
const cluster = new Cluster({
  old: { app: 'web', ...portLabels({ http: { port: 80, protocol: 'TCP' } }) },
  new: { app: 'web', ...portLabels({ http: { port: 8080, protocol: 'TCP' } }) },
  dns: { app: 'dns', ...portLabels({ http: { port: 53, protocol: 'UDP' } }) },
  client: { app: 'client' },
});
const web = { matchLabels: { app: 'web' } };
const ports = (...list: object[]) => ({ toPorts: [{ ports: list }] }) as object;

describe('a port by name', () => {
  const ingress = cluster.compile([{ endpointSelector: web, ingress: [ports({ port: 'http' })] }]);
  const open = (to: string, port: number, protocol = TCP) =>
    cluster.decide(ingress, 'client', to, port, protocol).allowed;

  it('is on ingress what each subject calls it', () => {
    expect([open('old', 80), open('old', 8080)]).toEqual([true, false]);
    expect([open('new', 80), open('new', 8080)]).toEqual([false, true]);
  });

  it('isolates whoever is selected, also who calls no port by that name', () => {
    const compiled = cluster.compile([{ ingress: [ports({ port: 'http' })] }]);
    expect(cluster.decide(compiled, 'old', 'client', 80, TCP).allowed).toBe(false);
  });

  it('is on egress what each peer calls it', () => {
    const compiled = cluster.compile([
      {
        endpointSelector: { matchLabels: { app: 'client' } },
        egress: [{ endpoints: [{}], ...ports({ port: 'http' }, { port: 443 }) }],
      },
    ]);
    const reach = (to: string, port: number, protocol = TCP) =>
      cluster.decide(compiled, 'client', to, port, protocol).allowed;
    expect([reach('old', 80), reach('new', 80), reach('new', 8080)]).toEqual([true, false, true]);
    expect([reach('dns', 53, UDP), reach('dns', 53, TCP)]).toEqual([true, false]);
    expect(reach('dns', 443)).toBe(true);
  });

  it('is of no protocol but the one that a rule asks for', () => {
    const compiled = cluster.compile([
      { endpointSelector: {}, ingress: [ports({ port: 'http', protocol: 'TCP' })] },
    ]);
    expect(cluster.decide(compiled, 'client', 'dns', 53, UDP).allowed).toBe(false);
  });

  it('means nobody outside: the world names no ports', () => {
    const compiled = cluster.compile([
      { egress: [{ entities: ['world'], ...ports({ port: 'http' }) }] },
    ]);
    expect(cluster.decide(compiled, 'client', 'world-ipv4', 80).allowed).toBe(false);
  });

  it('is denied by name as well', () => {
    const compiled = cluster.compile([
      {
        endpointSelector: web,
        ingressDeny: [ports({ port: 'http' })],
        ingress: [ports({ port: 80 })],
      },
    ]);
    const reason = (to: string) => cluster.decide(compiled, 'client', to, 80).ingress?.reason;
    expect([reason('old'), reason('new')]).toEqual(['policy-denied', undefined]);
  });

  it('is explained by the rule that names it', () => {
    const set = ingress.policySets.get(cluster.id('new')) ?? 0;
    const peer = ingress.classes.get(cluster.id('client')) ?? 0;
    expect(explainDirection(ingress, 'ingress', set, peer, TCP, 8080).allows).toEqual([
      { name: 'p0', origin: { path: 'p0', file: 'plumb.ts', line: 1 } },
    ]);
  });

  it('is up to 15 small letters, digits and single hyphens, not a number', () => {
    expect(['http', 'a', 'web-2', '2web'].filter(isPortName)).toHaveLength(4);
    const wrong = ['80', '', 'HTTP', '-a', 'a-', 'a--b', 'a'.repeat(16)];
    expect(wrong.filter(isPortName)).toEqual([]);
  });

  it('stands in a label that can be read back', () => {
    expect(namedPort('80/TCP')).toEqual({ port: 80, protocol: 'TCP' });
    const wrong = ['80', '0/TCP', '80/ICMP', '080/TCP', '80/TCP/x'];
    expect(wrong.map(namedPort)).toEqual(wrong.map(() => undefined));
  });
});

describe('a port of ANY protocol', () => {
  const compiled = cluster.compile([{ ingress: [ports({ port: 80, protocol: 'ANY' })] }]);

  it('is of TCP, UDP and SCTP, and of no other', () => {
    const open = [TCP, UDP, SCTP, 1, 58, 47].filter(
      (protocol) => cluster.decide(compiled, 'client', 'old', 80, protocol).allowed,
    );
    expect(open).toEqual([TCP, UDP, SCTP]);
  });
});

describe('an ICMP type', () => {
  it.each([
    ['EchoRequest', 'IPv4', 8],
    ['EchoRequest', 'IPv6', 128],
    ['PacketTooBig', 'IPv6', 2],
    ['8', 'IPv4', 8],
    [255, 'IPv6', 255],
  ] as const)('%s of %s is %s', (type, family, number) => {
    expect(icmpType(type, family)).toBe(number);
  });

  it.each([
    ['PacketTooBig', 'IPv4'],
    ['toString', 'IPv4'],
    [256, 'IPv4'],
    [1.5, 'IPv6'],
  ] as const)('%s of %s is none', (type, family) => {
    expect(icmpType(type, family)).toBeUndefined();
  });

  it('by name opens that type of that family alone', () => {
    const compiled = cluster.compile([
      { ingress: [{ icmps: [{ fields: [{ family: 'IPv6', type: 'EchoRequest' }] }] }] },
    ]);
    const open = (protocol: number, type: number) =>
      cluster.decide(compiled, 'client', 'old', type << 8, protocol).allowed;
    expect([open(58, 128), open(58, 129), open(1, 8)]).toEqual([true, false, false]);
  });
});
