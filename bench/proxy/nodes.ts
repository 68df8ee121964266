import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { apply } from '../../src/apply/apply.js';
import type { HTTPRuleSpec } from '../../src/model/l7.js';
import type {
  EndpointSpec,
  NodeSpec,
  PolicySpec,
  ProgramDocument,
} from '../../src/model/program.js';
import { plan } from '../../src/plan/make-plan.js';
import type { Plan } from '../../src/plan/plan.js';
import { compilePolicy } from '../../src/policy/compile.js';
import { normalizeState } from '../../src/state/canonical.js';
import { allocateIdentities } from '../../src/synth/identities.js';
import { synth } from '../../src/synth/synth.js';
import { OBJECT } from '../../test/bpf/datapath.js';
import { KernelNode } from '../../test/kernel/node.js';

const origin = { path: 'bench' };
const hash = createHash('sha256').update(readFileSync(OBJECT)).digest('hex').slice(0, 16);

/** A node of ours in a namespace of its own. */
export class BenchNode {
  readonly #kernel: KernelNode;

  constructor(
    prefix: string,
    private readonly redirectMode: NonNullable<NodeSpec['redirectMode']> = 'socket',
  ) {
    this.#kernel = new KernelNode(prefix);
  }

  /** Name of an endpoint's namespace. */
  netns(app: string): string {
    return `${this.#kernel.name}-${app}`;
  }

  endpoint(app: string, address: string, name = app): EndpointSpec {
    const { name: node } = this.#kernel;
    return { origin, name, node, labels: { app }, addresses: [address], netns: this.netns(name) };
  }

  /** As a node of a cluster has it: a firewall of so many rules, about others, in front of all that it sends and gets. */
  addFirewall(rules: number): void {
    const chain = (hook: string): string => {
      const about = Array.from({ length: rules }, (_, i) => {
        const address = `172.16.${String(i >> 8)}.${String(i & 0xff)}`;
        return `ip saddr ${address} tcp dport ${String(1024 + i)} drop`;
      });
      return `chain ${hook} { type filter hook ${hook} priority 0; policy accept; ${about.join('; ')}; }`;
    };
    const input = `table inet firewall { ${['input', 'output', 'forward'].map(chain).join('\n')}\n}`;
    const inside = [`--net=/run/netns/${this.#kernel.name}`];
    execFileSync('nsenter', [...inside, 'nft', '-f', '-'], { input });
  }

  /** What is to be done so that this is so. */
  async plan(endpoints: readonly EndpointSpec[], policies: readonly PolicySpec[]): Promise<Plan> {
    const { name } = this.#kernel;
    const node: NodeSpec = {
      ...{ origin, name, podCIDRs: ['10.8.0.0/16'], gateways: ['10.8.0.1'], addresses: [] },
      ...{ allowLocalhost: true, enforcement: 'default', mtu: 1500 },
      redirectMode: this.redirectMode,
    };
    const nodes = [node];
    const document: ProgramDocument = { version: 1, nodes, endpoints, policies, services: [] };
    const allocation = allocateIdentities(endpoints);
    const subjects = endpoints.map(({ labels }) => allocation.idOf(labels));
    const { identities } = allocation;
    const compiled = compilePolicy({ policies, identities, subjects, node });
    const desired = synth({ document, node, allocation, compiled, datapath: { hash } });
    return plan(desired, await this.#kernel.read());
  }

  async apply(wanted: Plan): Promise<void> {
    await apply(wanted, this.#kernel.instance);
  }

  async dispose(): Promise<void> {
    const nothing = normalizeState({ version: 1, node: this.#kernel.name, resources: [] });
    await this.apply(plan(nothing, await this.#kernel.read()));
    this.#kernel.dispose();
  }
}

/** Lets endpoints with the first label to the second at a port, if requests are like that. */
export function policy(
  from: string,
  to: string,
  port: number,
  http?: readonly HTTPRuleSpec[],
): PolicySpec {
  const ports = [{ port, protocol: 'TCP' as const }];
  const toPorts = [{ ports, ...(http === undefined ? {} : { rules: { http } }) }];
  return {
    ...{ origin, name: `to-${to}`, endpointSelector: { matchLabels: { app: to } } },
    ingress: [{ endpoints: [{ matchLabels: { app: from } }], toPorts }],
  };
}
