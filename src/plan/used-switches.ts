import type { Resource, State } from '../state/state.js';

/**
 * Switches of the datapath that a state has use for. Which ones a program of another object has is not known, and
 * taking one away that the policy before the commit needs would lose packets.
 */
export function usedSwitches({ resources }: State): Readonly<Record<string, boolean>> {
  const has = (is: (one: Resource) => boolean): boolean => resources.some(is);
  return {
    ipv6: has((one) => one.kind === 'address' && one.attributes.address.includes(':')),
    proxy: has((one) => one.kind === 'proxy'),
    services: has((one) => one.kind === 'bpf-entries' && one.map === 'plumb_services'),
    tunnel: has((one) => one.kind === 'link' && one.attributes.vxlan !== undefined),
  };
}
