import { AssertionError } from 'node:assert';
import { synthesize } from '../engine/desired.js';
import { answer } from '../engine/explain.js';
import type { PortSpec } from '../model/program.js';
import type { Plan, Step } from '../plan/plan.js';
import { renderVerdict, type VerdictAnswer } from '../report/verdict.js';

/** What a program, or manifests, allow: for tests of any framework, without privileges or a kernel. */
export interface Network {
  /**
   * @param from an endpoint's name, labels (`org=empire,class=deathstar`), `host`, `world` or an address
   * @param to the same
   * @param port one port, as `tcp(80)` makes it; TCP by default
   * @throws AssertionError with the rules that deny it
   */
  readonly expectAllowed: (from: string, to: string, port: PortSpec) => void;
  /** @throws AssertionError with the rules that allow it */
  readonly expectDenied: (from: string, to: string, port: PortSpec) => void;
}

export interface NetworkOptions {
  /** Which of the program's nodes judges. @default the only one, or the one named like this host */
  readonly node?: string;
}

/**
 * Compiles a program for one node.
 * @param source path of the program, or of manifests
 * @throws PlumbError or PlumbErrors, whatever is wrong with it
 */
export async function networkOf(
  source: string | { readonly manifests: string },
  options: NetworkOptions = {},
): Promise<Network> {
  const compiled =
    typeof source === 'string'
      ? await synthesize(source, options)
      : await synthesize('', { ...options, ...source });
  const expectVerdict = (allowed: boolean) => (from: string, to: string, port: PortSpec) => {
    const said = answer({ from, to, port: portText(port) }, compiled);
    if (said.allowed !== allowed) throw unexpected(said, allowed);
  };
  return { expectAllowed: expectVerdict(true), expectDenied: expectVerdict(false) };
}

/**
 * For plans that must only add, or change in place. Rows of maps do not count: any change of policy
 * retires the one before it.
 * @throws AssertionError with what the plan removes
 */
export function expectNoRemovals({ steps }: Pick<Plan, 'steps'>): void {
  const removed = steps.filter(isRemoval);
  if (removed.length === 0) return;
  const names = removed.map(({ kind, key }) => `  ${kind} ${key}`);
  throw failure(`the plan removes\n${names.join('\n')}`);
}

function isRemoval({ action, kind }: Step): boolean {
  return kind !== 'bpf-entries' && (action === 'delete' || action === 'replace');
}

function portText({ port, endPort, protocol = 'TCP' }: PortSpec): string {
  if (endPort === undefined && protocol !== 'ANY') return `${String(port)}/${protocol}`;
  throw new TypeError('a connection has one port and one protocol: tcp(80), udp(53), sctp(7)');
}

function unexpected(said: VerdictAnswer, allowed: boolean): AssertionError {
  const wanted = allowed ? 'allowed, but it is denied' : 'denied, but it is allowed';
  return failure(`this should be ${wanted}:\n${renderVerdict(said, { colour: false })}`);
}

function failure(message: string): AssertionError {
  return new AssertionError({ message });
}
