import type { Listener } from '../model/l7.js';
import type { NodeSpec, ProgramDocument } from '../model/program.js';
import { isIPv6 } from './addresses.js';
import type { Neighborhood } from './cluster.js';

/** A switch of the datapath, and what in the program it is on for, or that nothing is. */
export interface Feature {
  readonly on: boolean;
  readonly why: string;
}

/** What the datapath is verified with. What nothing uses is switched off, and costs nothing. */
export function featuresFor(
  node: NodeSpec,
  { services }: ProgramDocument,
  { mode, others }: Neighborhood,
  listeners: readonly Listener[],
): Readonly<Record<string, Feature>> {
  const six = node.podCIDRs.find(isIPv6);
  const [service] = services;
  return {
    events: node.events === false ? off('events is false') : on('drops are told'),
    ipv6: six === undefined ? off('no range is IPv6') : on(`range ${six}`),
    metrics: on('packets are counted'),
    proxy:
      listeners.length === 0
        ? off('no rule is of layer 7')
        : on(`${String(listeners.length)} listener${listeners.length === 1 ? '' : 's'} of layer 7`),
    services: service === undefined ? off('there is no service') : on(`service ${service.name}`),
    tunnel:
      mode === 'tunnel'
        ? on(`cluster ${node.cluster?.name ?? ''} of ${String(others.length + 1)} nodes`)
        : off('no node is behind a tunnel'),
  };
}

/** Only the switches. */
export function switchesOf(
  features: Readonly<Record<string, Feature>>,
): Readonly<Record<string, boolean>> {
  return Object.fromEntries(Object.entries(features).map(([name, { on }]) => [name, on]));
}

/** Why each switch is as it is, for readers of a plan. */
export function notesOf(
  features: Readonly<Record<string, Feature>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(features).map(([name, { on, why }]) => [
      `features.${name}`,
      `${on ? 'with' : 'without'} ${name}: ${why}`,
    ]),
  );
}

function on(why: string): Feature {
  return { on: true, why };
}

function off(why: string): Feature {
  return { on: false, why };
}
