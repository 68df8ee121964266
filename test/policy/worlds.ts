import {
  RESERVED,
  reservedLabels,
  type Identity,
  type ReservedName,
} from '../../src/model/identity.js';
import type { Labels, PolicySpec } from '../../src/model/program.js';
import { compilePolicy, type CompileInput } from '../../src/policy/compile.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import { decide, type Decision } from '../../src/verdict/decide.js';

/** The protocol numbers that tests speak of. */
export const TCP = 6;
export const UDP = 17;

/** A small cluster by name: who is who, and what policies say between them. All live on one node. */
export class Cluster {
  readonly identities: readonly Identity[];
  private readonly ids = new Map<string, number>();

  constructor(endpoints: Readonly<Record<string, Labels>>) {
    const reserved = (Object.keys(RESERVED) as ReservedName[]).map((name): Identity => {
      this.ids.set(name, RESERVED[name]);
      return { id: RESERVED[name], labels: reservedLabels(name) };
    });
    const own = Object.entries(endpoints).map(([name, labels], n): Identity => {
      this.ids.set(name, 256 + n);
      return { id: 256 + n, labels };
    });
    this.identities = [...reserved, ...own];
  }

  id(name: string): number {
    const id = this.ids.get(name);
    if (id === undefined) throw new Error(`nobody is called ${name}`);
    return id;
  }

  compile(
    policies: readonly Partial<PolicySpec>[],
    more: Partial<CompileInput> = {},
  ): CompiledPolicy {
    return compilePolicy({
      policies: policies.map((spec, n) => ({
        name: `p${n}`,
        origin: { path: `p${n}`, file: 'plumb.ts', line: n + 1 },
        ...(spec.nodeSelector === undefined && { endpointSelector: {} }),
        ...spec,
      })),
      identities: this.identities,
      subjects: this.identities.filter(({ id }) => id >= 256).map(({ id }) => id),
      node: { enforcement: 'default', allowLocalhost: false },
      ...more,
    });
  }

  decide(
    compiled: CompiledPolicy,
    from: string,
    to: string,
    port: number,
    protocol = TCP,
  ): Decision {
    const side = (name: string) => {
      const identity = this.id(name);
      return { identity, isLocal: identity >= 256 };
    };
    return decide(compiled, side(from), side(to), protocol, port);
  }

  /** Who may reach an endpoint at a port, of those that are named. */
  reaching(
    compiled: CompiledPolicy,
    names: readonly string[],
    to: string,
    port = 80,
    protocol = TCP,
  ): string[] {
    return names.filter((from) => this.decide(compiled, from, to, port, protocol).allowed);
  }
}
