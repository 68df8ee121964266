import type { EndpointSpec, PolicySpec } from '../../src/model/program.js';
import type { Row } from '../row.js';
import { BenchNode, policy } from './nodes.js';

const ENDPOINTS = 1000;
const SETS = 200;
const RUNS = 5;

/** What another endpoint costs a node whose endpoints are filtered, and one whose are not. */
export async function run(): Promise<Row[]> {
  const filtered = await Growing.open('be-l7', true);
  try {
    const plain = await Growing.open('be-l4', false);
    try {
      const pairs: { own: Grown; other: Grown }[] = [];
      for (let i = 0; i < RUNS; i++) {
        pairs.push({ own: await filtered.grow(), other: await plain.grow() });
      }
      const median = (values: readonly number[]): number =>
        [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
      const workload = `${String(ENDPOINTS)} endpoints, ${String(SETS)} sets of rules of HTTP`;
      const peer = 'the same without rules of layer 7';
      return [
        {
          ...{ name: 'another endpoint, planned and applied', workload, unit: 's', peer },
          value: median(pairs.map(({ own }) => own.seconds)),
          peerValue: median(pairs.map(({ other }) => other.seconds)),
          ratio: median(pairs.map(({ own, other }) => other.seconds / own.seconds)),
          runs: RUNS,
        },
        {
          ...{ name: 'another endpoint, steps of the plan', workload, unit: 'steps', peer },
          value: median(pairs.map(({ own }) => own.steps)),
          peerValue: median(pairs.map(({ other }) => other.steps)),
          ratio: median(pairs.map(({ own, other }) => other.steps / own.steps)),
          reach: 1,
          runs: RUNS,
        },
      ];
    } finally {
      await plain.dispose();
    }
  } finally {
    await filtered.dispose();
  }
}

interface Grown {
  readonly seconds: number;
  readonly steps: number;
}

class Growing {
  readonly #node: BenchNode;
  readonly #endpoints: EndpointSpec[] = [];
  readonly #policies: readonly PolicySpec[];
  #isOpen = false;

  private constructor(prefix: string, isFiltered: boolean) {
    this.#node = new BenchNode(prefix);
    for (let i = 0; i < ENDPOINTS; i++) this.#add();
    this.#policies = Array.from({ length: SETS }, (_, i) => {
      const rules = isFiltered ? [{ method: 'GET', path: `/v${String(i)}/.*` }] : undefined;
      return policy('app-0', `app-${String(i)}`, 8080, rules);
    });
  }

  static async open(prefix: string, isFiltered: boolean): Promise<Growing> {
    const made = new Growing(prefix, isFiltered);
    try {
      await made.#apply();
      return made;
    } catch (error) {
      await made.dispose();
      throw error;
    }
  }

  async grow(): Promise<Grown> {
    this.#add();
    const start = performance.now();
    const steps = await this.#apply();
    return { seconds: (performance.now() - start) / 1000, steps };
  }

  dispose(): Promise<void> {
    return this.#node.dispose();
  }

  async #apply(): Promise<number> {
    const plan = await this.#node.plan(this.#endpoints, this.#policies);
    const ofProxy = plan.steps.find(({ kind }) => kind === 'proxy');
    if (this.#isOpen && ofProxy !== undefined) {
      throw new Error(`another endpoint has a step for the proxy: ${ofProxy.why}`);
    }
    await this.#node.apply(plan);
    this.#isOpen = true;
    return plan.steps.length;
  }

  #add(): void {
    const n = this.#endpoints.length;
    const address = `10.8.${String((n >> 8) + 1)}.${String(n & 255)}`;
    this.#endpoints.push(this.#node.endpoint(`app-${String(n % SETS)}`, address, `e${String(n)}`));
  }
}
