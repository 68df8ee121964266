import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Netlink, NetlinkError, netnsCreate, netnsDelete, type Operation } from 'iproute2-netlink';
import { onTestFinished } from 'vitest';

/** Fields of one object that `ip -j` or `tc -j` printed. */
export type Printed = Record<string, unknown>;

/** A network namespace of the test's own, gone when the test is over. */
export class TestNetns {
  readonly path: string;

  private constructor(
    readonly name: string,
    readonly netlink: Netlink,
  ) {
    this.path = `/run/netns/${name}`;
  }

  static async make(loAlias?: string): Promise<TestNetns> {
    const name = uniqueName();
    onTestFinished(() => netnsDelete(name));
    await netnsCreate({ name, ...(loAlias !== undefined && { loAlias }) });
    const netlink = await Netlink.open({ netns: `/run/netns/${name}` });
    onTestFinished(() => {
      netlink.close();
    });
    return new TestNetns(name, netlink);
  }

  /** With one bridge, `br0`, that is up and has ifindex {@link BRIDGE}. */
  static async withBridge(): Promise<TestNetns> {
    const netns = await TestNetns.make();
    await netns.netlink.batch([
      {
        op: 'link-add',
        name: 'br0',
        kind: 'bridge',
        ifindex: BRIDGE,
        addrGenMode: 'none',
        up: true,
      },
    ]);
    return netns;
  }

  /** Addresses of devices made from now on can be used at once, those of links included. */
  skipDuplicateDetection(): void {
    const setting = 'net.ipv6.conf.default.dad_transmits=0';
    execFileSync('ip', ['netns', 'exec', this.name, 'sysctl', '-qw', setting]);
  }

  ip(...args: readonly string[]): Printed[] {
    return parse(execFileSync('ip', ['-n', this.name, '-j', '-d', ...args], OUTPUT));
  }

  tc(...args: readonly string[]): Printed[] {
    return parse(execFileSync('tc', ['-n', this.name, '-j', ...args], OUTPUT));
  }

  /** Name of the link with this number, as ip(8) knows it. */
  deviceName(ifindex: number | undefined): unknown {
    return this.ip('link').find((link) => link['ifindex'] === ifindex)?.['ifname'];
  }
}

export const BRIDGE = 70_000;
const OUTPUT = { encoding: 'utf8', maxBuffer: 64 << 20 } as const;

export function uniqueName(): string {
  return `nl-test-${randomBytes(4).toString('hex')}`;
}

/** The error that the batch rejects with. */
export async function failureOf(
  netlink: Netlink,
  operations: readonly Operation[],
): Promise<NetlinkError> {
  const outcome: unknown = await netlink.batch(operations).catch((error: unknown) => error);
  if (outcome instanceof NetlinkError) return outcome;
  throw new Error(`the batch did not fail with a NetlinkError: ${String(outcome)}`);
}

function parse(text: string): Printed[] {
  return text.trim() === '' ? [] : (JSON.parse(text) as Printed[]);
}

/** Numbers or words as ip(8) prints them, sorted for comparison. */
export function sorted<T>(values: readonly T[]): T[] {
  return [...values].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
