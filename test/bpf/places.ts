import { NODE_IDENTITY_MIN } from '../../src/model/identity.js';
import type { decide, DirectionVerdict } from '../../src/verdict/decide.js';
import { FIRST, type PolicyWorld } from '../policy/arbitraries.js';
import type { Place } from './policy-rows.js';

/** Local endpoints of a world at most, and as many twins. */
export const SLOTS = 8;

/** Everybody with labels: endpoint n at 10.9.0.n, and where it is local, its twin at 10.9.1.n. */
export function placesOf({ endpoints, local }: PolicyWorld): { own: Place[]; twins: Place[] } {
  const place = (n: number, row: number): Place => ({
    identity: FIRST + n,
    device: `d${String(n + row * (SLOTS / 2))}`,
    isLocal: n < local,
    addresses: {
      4: `10.9.${String(row)}.${String(n + 1)}`,
      6: `fd99::${String(row + 1)}:${String(n + 1)}`,
    },
  });
  return {
    own: endpoints.map((_, n) => place(n, 0)),
    twins: endpoints.slice(0, local).map((_, n) => place(n, 1)),
  };
}

/** Other nodes with labels, at addresses of their own. */
export function nodePlaces({ nodes }: PolicyWorld): Place[] {
  return nodes.map((_, n) => ({
    identity: NODE_IDENTITY_MIN + n,
    device: '',
    isLocal: false,
    addresses: { 4: `172.31.1.${String(n + 1)}`, 6: `fd97::${String(n + 1)}` },
  }));
}

/** The direction that the datapath reports: it asks egress first, stops at the first no, and tells of that. */
export function denying(decision: ReturnType<typeof decide>): DirectionVerdict | undefined {
  const verdicts = [decision.egress, decision.ingress];
  return (
    verdicts.find((verdict) => verdict?.allowed === false) ??
    verdicts.find((verdict) => verdict?.audited !== undefined)
  );
}
