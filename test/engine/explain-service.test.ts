import { expect, test } from 'vitest';
import type { ProgramDocument } from '../../src/model/program.js';
import { answer } from '../../src/engine/explain.js';
import { compileFor } from '../../src/engine/provenance.js';
import { allocateIdentities } from '../../src/synth/identities.js';

const origin = { path: 'test' };
const endpoint = (name: string, app: string, last: number) => ({
  ...{ origin, name, node: 'hoth', labels: { app, name }, netns: name },
  addresses: [`10.1.0.${String(last)}`],
});
const document: ProgramDocument = {
  version: 1,
  nodes: [
    {
      ...{ origin, name: 'hoth', podCIDRs: ['10.1.0.0/24'], gateways: ['10.1.0.1'] },
      ...{ addresses: [], allowLocalhost: true, enforcement: 'default', mtu: 1500 },
    },
  ],
  endpoints: [
    endpoint('client', 'client', 11),
    endpoint('one', 'web', 21),
    endpoint('two', 'web', 22),
  ],
  policies: [
    {
      ...{ origin, name: 'one', endpointSelector: { matchLabels: { name: 'one' } } },
      ingress: [
        {
          endpoints: [{ matchLabels: { app: 'client' } }],
          toPorts: [{ ports: [{ port: 8080, protocol: 'TCP' }] }],
        },
      ],
    },
    {
      ...{ origin, name: 'two', endpointSelector: { matchLabels: { name: 'two' } } },
      ingress: [{ endpoints: [] }],
    },
  ],
  services: [
    {
      ...{ origin, name: 'web', addresses: ['10.96.0.1'], algorithm: 'random', affinity: 0 },
      ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }],
      selector: { matchLabels: { app: 'web' } },
      backends: [],
    },
    {
      ...{ origin, name: 'first', addresses: ['10.96.0.2'], algorithm: 'random', affinity: 0 },
      ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }],
      backends: [{ address: '10.1.0.21', weight: 1 }],
    },
  ],
};
const [node] = document.nodes;
const compiled = compileFor(document, node!, allocateIdentities(document.endpoints));
const ask = (to: string, port: string) => answer({ from: 'client', to, port }, compiled);

test.each(['first', '10.96.0.2'])('service %s is judged as its back-end at its port', (to) => {
  expect(ask(to, '80')).toMatchObject({
    allowed: true,
    what: '8080/TCP',
    to: { endpoint: 'one' },
    note: 'service first 80/TCP leads to 8080/TCP of its back-ends, all 1 alike',
  });
});

test('where back-ends differ the one that denies is shown, and how many there are', () => {
  expect(ask('web', '80/TCP')).toMatchObject({
    allowed: false,
    to: { endpoint: 'two' },
    note: 'service web 80/TCP leads to 8080/TCP of its back-ends, 1 of 2 denied',
  });
});

test.each(['81', '80/UDP', 'ICMP/8'])('a service has nothing at %s, and says so', (port) => {
  expect(() => ask('web', port)).toThrow('service web has no port');
});
