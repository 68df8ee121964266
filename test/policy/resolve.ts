import { NODE_IDENTITY_MIN, RESERVED } from '../../src/model/identity.js';
import { compilePolicy } from '../../src/policy/compile.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import type { Side } from '../../src/verdict/decide.js';
import { FIRST, identitiesOf, subjectsOf, type PolicyWorld } from './arbitraries.js';
import { isAddressIn, type End } from './naive.js';

export function compileWorld(world: PolicyWorld): CompiledPolicy {
  return compilePolicy({
    policies: world.policies,
    identities: identitiesOf(world),
    subjects: subjectsOf(world),
    node: world.node,
  });
}

/** The number that the datapath would find for an end: by labels, by name, or by the longest prefix. */
export function sideOf(
  { endpoints, nodes }: PolicyWorld,
  compiled: CompiledPolicy,
  end: End,
): Side {
  switch (end.kind) {
    case 'endpoint':
      return { identity: FIRST + endpoints.indexOf(end.labels), isLocal: end.isLocal };
    case 'node':
      return { identity: NODE_IDENTITY_MIN + nodes.indexOf(end.labels), isLocal: false };
    case 'reserved':
      return { identity: RESERVED[end.name], isLocal: false };
    case 'address': {
      const around = compiled.prefixes
        .filter(({ prefix }) => isAddressIn(end.address, prefix))
        .sort((a, b) => lengthOf(b.prefix) - lengthOf(a.prefix));
      return { identity: around[0]?.identity ?? 0, isLocal: false };
    }
  }
}

function lengthOf(prefix: string): number {
  return Number(prefix.split('/')[1]);
}
