import { describe, expect, it } from 'vitest';
import { eventFilter, type EventFilterText } from '../../src/report/event-filter.js';
import type { EventPeer, ExplainedEvent } from '../../src/report/event.js';
import { packetEvent, XWING } from './events.js';

const shown = (filter: EventFilterText, change: Partial<ExplainedEvent> = {}): boolean =>
  eventFilter(filter)({ ...packetEvent(), ...change });

const peer = (address: string, identity: number, labels = {}): EventPeer => ({
  address,
  port: 5000,
  identity,
  labels,
});

describe('which events a user asks for', () => {
  it('are all, where nothing is asked', () => {
    expect(shown({})).toBe(true);
  });

  it.each(['xwing', 'deathstar-1', 'org=alliance', 'class=deathstar,org=empire'])(
    'are those of %s, whichever side it is',
    (endpoint) => {
      expect(shown({ endpoint })).toBe(true);
    },
  );

  it.each(['tiefighter', 'org=rebels', 'class=deathstar,org=alliance', 'org'])(
    'are none of %s, who is not there',
    (endpoint) => {
      expect(shown({ endpoint })).toBe(false);
    },
  );

  it('have the peer on the other side than the endpoint', () => {
    expect(shown({ endpoint: 'xwing', peer: 'deathstar-1' })).toBe(true);
    expect(shown({ endpoint: 'deathstar-1', peer: 'xwing' })).toBe(true);
    expect(shown({ endpoint: 'xwing', peer: 'org=alliance' })).toBe(false);
  });

  it.each([
    ['10.1.0.31', true],
    ['10.1.0.0/24', true],
    ['10.1.0.7/24', true],
    ['10.2.0.0/24', false],
    ['fd00::/8', false],
  ])('are by address in %s: %s', (range, expected) => {
    expect(shown({ peer: range })).toBe(expected);
  });

  it.each([
    ['host', peer('10.1.0.1', 1), true],
    ['world', peer('8.8.8.8', 9), true],
    ['world-ipv4', peer('8.8.8.8', 9), true],
    ['world-ipv6', peer('8.8.8.8', 9), false],
    ['world', peer('192.0.2.1', (1 << 24) + 5), true],
    ['world-ipv4', peer('192.0.2.1', (1 << 24) + 5, { 'reserved:world-ipv4': '' }), true],
    ['cluster', peer('192.0.2.1', (1 << 24) + 5), false],
    ['cluster', XWING, true],
    ['remote-node', peer('10.1.0.1', 1), false],
    ['all', peer('10.1.0.1', 0), true],
    ['none', XWING, false],
  ])('are by the entity %s', (entity, source, expected) => {
    expect(shown({ peer: entity, endpoint: 'deathstar-1' }, { source })).toBe(expected);
  });

  it.each([
    ['deny', true],
    ['denied', true],
    ['allow', false],
    ['audit', false],
    ['redirect', false],
  ])('are by verdict: %s is %s for one that is denied', (verdict, expected) => {
    expect(shown({ verdict })).toBe(expected);
  });

  it.each([
    ['80', true],
    ['80/TCP', true],
    ['80/tcp', true],
    ['40000', true],
    ['80/UDP', false],
    ['443', false],
    ['ICMP/8', false],
  ])('are by port: %s is %s for TCP from 40000 to 80', (port, expected) => {
    expect(shown({ port })).toBe(expected);
  });

  it.each([
    ['ICMP/8', true],
    ['icmp/EchoRequest', true],
    ['ICMP/0', false],
    ['ICMPv6/8', false],
    ['8', false],
  ])('are by ICMP type: %s is %s for an echo request', (port, expected) => {
    const source = { ...XWING, port: 0 };
    const destination = { ...packetEvent().destination, port: 0 };
    const echo = { protocol: 'ICMP', icmp: { type: 8, code: 0 }, source, destination };
    expect(shown({ port }, echo)).toBe(expected);
  });

  it.each<EventFilterText>([
    { verdict: 'perhaps' },
    { port: '0' },
    { port: '70000' },
    { port: '80/ICMP' },
    { port: 'ICMP/nothing' },
    { peer: '' },
    { peer: '10.0.0.0/33' },
    { peer: 'fd00::/200' },
    { endpoint: '=x' },
    { endpoint: 'a=b=c' },
  ])('are never guessed from %o', (filter) => {
    expect(() => eventFilter(filter)).toThrow(
      expect.objectContaining({ code: 'PLB_EVENT_FILTER' }) as Error,
    );
  });
});
