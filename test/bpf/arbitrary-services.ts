import fc from 'fast-check';
import type { ProgramDocument } from '../../src/model/program.js';
import type { ServiceSpec } from '../../src/model/service.js';
import { edge, selector } from '../policy/arbitrary-rules.js';
import type { PolicyWorld } from '../policy/arbitraries.js';
import { selects } from '../policy/naive.js';
import type { Place } from './policy-rows.js';

/** A service and weights of back-ends by the endpoint's place in its world, counted modulo those that there are. */
export interface DrawnService {
  readonly spec: Omit<ServiceSpec, 'backends'>;
  readonly weights: readonly (readonly [endpoint: number, weight: number])[];
}

/** A packet to a service, from an endpoint of the node. */
export interface Question {
  readonly here: number;
  readonly service: number;
  readonly family: 4 | 6;
  /** After a change of policy a reply is the first to meet it. */
  readonly isReplyFirst: boolean;
}

const drawn = fc.record({
  protocol: fc.constantFrom('TCP', 'TCP', 'UDP', 'SCTP'),
  port: edge,
  target: edge,
  selector: fc.option(selector, { nil: undefined, freq: 3 }),
  weights: fc.uniqueArray(fc.tuple(fc.nat(7), fc.constantFrom(0, 1, 1, 3)), {
    maxLength: 4,
    selector: ([endpoint]) => endpoint,
  }),
  algorithm: fc.constantFrom('random', 'maglev'),
  affinity: fc.constantFrom(0, 1000),
});

/** Each at a virtual address of its own. SCTP keeps its port. */
export const services: fc.Arbitrary<DrawnService[]> = fc
  .array(drawn, { minLength: 1, maxLength: 4 })
  .map((list) =>
    list.map(({ weights, protocol, port, target, selector: chosen, ...rest }, n) => ({
      spec: {
        origin: { path: `service${String(n)}` },
        name: `service${String(n)}`,
        addresses: [`10.96.0.${String(n + 1)}`, `fd96::${String(n + 1)}`],
        ports: [{ port, targetPort: protocol === 'SCTP' ? port : target, protocol }],
        ...(chosen === undefined ? {} : { selector: chosen }),
        ...rest,
      },
      weights,
    })),
  );

export const questions = (count: number): fc.Arbitrary<Question[]> =>
  fc.array(
    fc.record({
      here: fc.nat(3),
      service: fc.nat(3),
      family: fc.constantFrom<4 | 6>(4, 6),
      isReplyFirst: fc.boolean(),
    }),
    { minLength: 1, maxLength: count, size: 'max' },
  );

/** What synth makes rows of. */
export function documentOf(
  { endpoints }: PolicyWorld,
  places: readonly Place[],
  drawnServices: readonly DrawnService[],
): Pick<ProgramDocument, 'endpoints' | 'services'> {
  const addressesOf = (n: number) => Object.values(places[n % places.length]!.addresses);
  return {
    endpoints: endpoints.map((labels, n) => ({
      origin: { path: `endpoint${String(n)}` },
      name: `endpoint${String(n)}`,
      node: 'here',
      netns: `endpoint${String(n)}`,
      labels,
      addresses: addressesOf(n),
    })),
    services: drawnServices.map(({ spec, weights }) => ({
      ...spec,
      backends: weights.flatMap(([n, weight]) =>
        addressesOf(n).map((address) => ({ address, weight })),
      ),
    })),
  };
}

/** Which endpoints new connections to a service go to: those with a weight, and others that it selects. */
export function candidatesOf(
  { endpoints }: PolicyWorld,
  { spec, weights }: DrawnService,
): number[] {
  const stated = new Map(weights.map(([n, weight]) => [n % endpoints.length, weight]));
  return endpoints.flatMap((labels, n) => {
    const selected = spec.selector !== undefined && selects(spec.selector, labels) ? 1 : 0;
    return (stated.get(n) ?? selected) > 0 ? [n] : [];
  });
}
