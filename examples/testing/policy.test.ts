import { icmp, tcp, udp } from 'plumbline';
import { expectNoRemovals, identitySerializer, networkOf, planOf } from 'plumbline/testing';
import { describe, expect, it } from 'vitest';
import { app, deathstar, empire, tiefighter, xwing } from './plumb.js';

const network = await networkOf(app);
const { expectAllowed, expectDenied } = network;
expect.addSnapshotSerializer(identitySerializer(network));

describe('the death star', () => {
  it('lets the empire land, and nothing more', () => {
    expectAllowed(empire, deathstar, tcp(80), { http: 'POST /v1/request-landing' });
    expectDenied(tiefighter, deathstar, tcp(80), { http: 'PUT /v1/exhaust-port' });
    expectDenied(tiefighter, deathstar, tcp(22));
  });

  it('is closed to the alliance and to the world', () => {
    expectDenied(xwing, deathstar, tcp(80));
    expectDenied('world', deathstar, tcp(80));
    expectDenied(xwing, deathstar, icmp('EchoRequest'));
  });
});

describe('the x-wing', () => {
  it('reaches the world by HTTPS alone', () => {
    expectAllowed(xwing, '203.0.113.7', tcp(443));
    expectDenied(xwing, '203.0.113.7', udp(443));
    expectDenied(xwing, tiefighter, tcp(443));
  });
});

it('is reviewed when who can talk to whom changes', () => {
  expect(network.matrix).toMatchSnapshot();
});

it('is set up on an empty node without removing anything', async () => {
  expectNoRemovals(await planOf(app, { state: 'empty' }));
});
