import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isoTime, unixTime } from '../../src/engine/iso-time.js';
import { renderEvent, renderLost, type ExplainedEvent } from '../../src/report/event.js';
import { hexDump } from '../../src/report/hex-dump.js';
import { pcapHeader, pcapRecord } from '../../src/report/pcap.js';
import { tcp } from '../bpf/packets.js';
import { packetEvent } from './events.js';

const text = (change: Partial<ExplainedEvent> = {}): string =>
  renderEvent(packetEvent(change), { colour: false });

const frame = Buffer.from(tcp('10.1.0.31', '10.1.0.11', [40_000, 80]));

describe('an event in one line', () => {
  it('says when, what, who, why and where, and which line isolates', () => {
    expect(text()).toBe(
      '12:00:00.123  denied   xwing{org=alliance,class=xwing} 10.1.0.31:40000 -> ' +
        'deathstar-1{org=empire,class=deathstar} 10.1.0.11:80  TCP  ingress policy-default-deny  ' +
        'at from_endpoint on lxcxwing  isolated by rule1 (plumb.ts:26)',
    );
  });

  it('names a rule that denies, with its word for logs', () => {
    const origin = { path: 'x', file: 'plumb.ts', line: 9 };
    const policies = [{ name: 'no-ssh', origin, log: 'ssh' }];
    expect(text({ reason: 'policy-denied', policies })).toMatch(
      / by no-ssh \(plumb.ts:9\) \[ssh\]$/,
    );
  });

  it('says that no program is known instead of guessing', () => {
    const unknown = text({ explanation: 'no-provenance', policies: [] });
    expect(unknown).toMatch(/rules unknown: no program is recorded here$/);
  });

  it('says that another policy judged instead of naming rules of this one', () => {
    const other = text({ explanation: 'other-version', policies: [] });
    expect(other).toContain('rules unknown: judged by policy version 0a1b2c3d');
    expect(other).not.toContain('plumb.ts');
  });

  it('says of an allowed flow that nothing isolates the endpoint', () => {
    const allowed = text({ verdict: 'allowed', reason: 'forwarded', policies: [] });
    expect(allowed).toMatch(/no policy isolates it$/);
  });

  it('blames no policy for a spoofed source', () => {
    const spoofed = text({ reason: 'spoofed-source', explanation: 'no-policy', policies: [] });
    expect(spoofed).toMatch(/at from_endpoint on lxcxwing$/);
  });

  it('calls ICMP by type and code, and a device that is gone by its number', () => {
    const icmp = { type: 8, code: 0, name: 'EchoRequest' };
    const { device, ...echo } = packetEvent({ protocol: 'ICMP', icmp });
    const line = renderEvent(echo, { colour: false });
    expect(line).not.toContain(device);
    expect(line).toContain('ICMP EchoRequest/0');
    expect(line).toContain('on ifindex 65538');
    expect(text({ protocol: 'ICMP', icmp: { type: 200, code: 3 } })).toContain('ICMP type 200/3');
  });

  it('shows the bytes when they are asked for', () => {
    const event = packetEvent({ bytes: '0000004869' });
    expect(renderEvent(event, { colour: false, hex: true }).split('\n')[1]).toMatch(
      /^ {2}0000 {2}00 00 00 48 69 +\.\.\.Hi$/,
    );
    expect(renderEvent(event, { colour: false })).not.toContain('\n');
  });

  it('says how many were lost', () => {
    const lost = { version: 1, type: 'lost', time: '', events: 3 } as const;
    expect(renderLost(lost, { colour: false })).toBe('3 events lost: the buffer was full');
    expect(renderLost({ ...lost, events: 1 }, { colour: false })).toMatch(/^1 event lost/);
  });
});

describe('bytes', () => {
  it('are dumped sixteen a line', () => {
    const lines = hexDump(Uint8Array.from({ length: 20 }, (_, i) => i + 0x40)).split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^ {2}0000 {2}40 41 .* 4f {2}@ABCDEFGHIJKLMNO$/);
    expect(lines[1]).toMatch(/^ {2}0010 {2}50 51 52 53 +PQRS$/);
  });

  it('are read back by tcpdump, with their time and the length of the whole packet', () => {
    const directory = mkdtempSync(join(tmpdir(), 'plumb-pcap-'));
    try {
      const file = join(directory, 'events.pcap');
      const record = pcapRecord(packetEvent({ bytes: frame.toString('hex'), length: 1000 }));
      writeFileSync(file, Buffer.concat([pcapHeader(), record!, record!]));
      const options = ['-n', '-tt', '-e', '--nano', '-r', file];
      const lines = execFileSync('tcpdump', options, { encoding: 'utf8', stdio: 'pipe' });
      expect(lines.trim().split('\n')).toHaveLength(2);
      expect(lines).toMatch(/^1769860800\.123456789 02:00/);
      expect(lines).toContain('ethertype IPv4 (0x0800), length 1000');
      expect(lines).toContain('10.1.0.31.40000 > 10.1.0.11.80: Flags [S]');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('that an event has not make no record', () => {
    expect(pcapRecord(packetEvent())).toBeUndefined();
  });
});

describe('the time of an event', () => {
  it('is told to the nanosecond', () => {
    expect(isoTime(1_769_860_800_000_000_007n)).toBe('2026-01-31T12:00:00.000000007Z');
    expect(unixTime(1_769_860_800_000_000_007n)).toBe('1769860800.000000007');
  });
});
