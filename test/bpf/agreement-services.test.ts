import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PROTOCOLS } from '../../src/model/port.js';
import type { NodeSpec, PolicySpec, ProgramDocument } from '../../src/model/program.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import { serviceEntries } from '../../src/synth/services.js';
import { decide } from '../../src/verdict/decide.js';
import { policies, world, type PolicyWorld } from '../policy/arbitraries.js';
import { judgeNaively, type End } from '../policy/naive.js';
import { compileWorld, sideOf } from '../policy/resolve.js';
import {
  candidatesOf,
  documentOf,
  questions,
  services,
  type DrawnService,
  type Question,
} from './arbitrary-services.js';
import { endsOf, type Ends } from './ends.js';
import { DeviceNamespace, LoadedPolicy, type Outcome } from './loaded-policy.js';
import { sctp, tcp, udp } from './packets.js';
import { denying, placesOf, SLOTS } from './places.js';
import type { Place } from './policy-rows.js';

/** Packets judged in one run of this test, at least. */
const PACKETS = 4000;
const FIRST_PORT = 20_000;

let namespace: DeviceNamespace;
/** Nobody comes from outside. */
const NODE = { name: 'node' } as NodeSpec;

let loaded: LoadedPolicy;
beforeAll(async () => {
  namespace = new DeviceNamespace(SLOTS);
  loaded = await LoadedPolicy.open(namespace);
});
afterAll(() => {
  loaded.close();
  namespace.dispose();
});

const seen = { allowed: 0, dropped: 0, replies: 0, changed: 0, toItself: 0, toNobody: 0 };

/** One connection to a service, followed through changes of the policy. */
class Connection {
  readonly #client: number;
  readonly #service: DrawnService;
  readonly #candidates: readonly number[];
  /** Since it was allowed once. */
  #backend: number | undefined;
  #wasAllowed: boolean | undefined;

  constructor(
    private readonly one: PolicyWorld,
    private readonly places: readonly Place[],
    drawn: readonly DrawnService[],
    private readonly question: Question,
    private readonly sourcePort: number,
    /** By service and client: with affinity, or with Maglev for the same ports, there is one back-end. */
    private readonly stays: Map<string, number>,
  ) {
    this.#client = question.here % Math.min(one.local, one.endpoints.length);
    this.#service = drawn[question.service % drawn.length]!;
    this.#candidates = candidatesOf(one, this.#service);
  }

  async meet(compiled: CompiledPolicy, policiesNow: readonly PolicySpec[]): Promise<void> {
    // A flow that was denied is forgotten: then a reply is none.
    if (this.question.isReplyFirst && this.#backend !== undefined && this.#wasAllowed === true)
      await this.#reply(this.#backend, this.#judged(compiled, policiesNow, this.#backend).allowed);
    const { protocol, target, vip } = this.#port();
    const flags = this.#backend === undefined ? 'S' : 'A';
    const client = this.#address(this.#client);
    const frame = this.#frame(
      { source: client, destination: vip.address, ports: [this.sourcePort, vip.port] },
      flags,
    );
    const outcome = await loaded.run(this.#on(this.#client), frame);
    const text = JSON.stringify({ ...this.question, protocol, target });
    if (this.#backend === undefined && this.#candidates.length === 0) {
      expect(outcome, text).toMatchObject({ dropped: true, event: { reason: 'no-backend' } });
      seen.toNobody++;
      return;
    }
    const backend = this.#wentTo(outcome);
    expect(this.#expectedBackends(backend), text).toContain(backend);
    const { allowed, by } = this.#judged(compiled, policiesNow, backend);
    expect(outcome.dropped, text).toBe(!allowed);
    seen[allowed ? 'allowed' : 'dropped']++;
    if (this.#wasAllowed !== undefined && this.#wasAllowed !== allowed) seen.changed++;
    this.#wasAllowed = allowed;
    if (!allowed) {
      expect(outcome.event, text).toMatchObject({
        ...{ reason: by!.reason, direction: by!.direction, version: by!.version },
        ...{ table: by!.table, destinationPort: target },
      });
      return;
    }
    const isItself = backend === this.#client;
    expect(endsOf(outcome.data), text).toEqual({
      source: isItself ? vip.address : client,
      destination: this.#address(backend),
      ports: [this.sourcePort, target],
    });
    if (isItself) seen.toItself++;
    this.#backend = backend;
    await this.#reply(backend, true);
  }

  /** What a back-end answers looks like the service's, if it passes. */
  async #reply(backend: number, passes: boolean): Promise<void> {
    const { target, vip } = this.#port();
    const client = this.#address(this.#client);
    const isItself = backend === this.#client;
    const isLocal = this.places[backend]!.isLocal;
    const frame = this.#frame(
      {
        source: this.#address(backend),
        destination: isItself ? vip.address : client,
        ports: [target, this.sourcePort],
      },
      'A',
    );
    const at = isLocal ? this.#on(backend) : this.#on(this.#client, 'to_endpoint');
    const { dropped, data } = await loaded.run(at, frame);
    expect(dropped, JSON.stringify(this.question)).toBe(!passes);
    if (!passes) return;
    expect(endsOf(data)).toEqual({
      source: vip.address,
      destination: client,
      ports: [vip.port, this.sourcePort],
    });
    seen.replies++;
  }

  /** The verdict in words, and of the compiled policy: on the back-end and its port, not on the service. */
  #judged(compiled: CompiledPolicy, policiesNow: readonly PolicySpec[], backend: number) {
    if (backend === this.#client) return { allowed: true, by: undefined };
    const { number, target } = this.#port();
    const [from, to] = [this.#end(this.#client), this.#end(backend)];
    const packet = { from, to, protocol: number, port: target };
    const decision = decide(
      compiled,
      sideOf(this.one, compiled, from),
      sideOf(this.one, compiled, to),
      number,
      target,
    );
    const { allowed } = judgeNaively(policiesNow, this.one.node, packet);
    expect(decision.allowed, JSON.stringify(packet)).toBe(allowed);
    return { allowed, by: denying(decision) };
  }

  #expectedBackends(taken: number): readonly number[] {
    if (this.#backend !== undefined) return [this.#backend];
    const { affinity, algorithm, name } = this.#service.spec;
    const { family } = this.question;
    const key = [name, this.#client, family].join(' ');
    if (affinity === 0 && algorithm !== 'maglev') return this.#candidates;
    const whose = affinity > 0 ? key : `${key} ${String(this.sourcePort)}`;
    const before = this.stays.get(whose);
    this.stays.set(whose, taken);
    return before === undefined ? this.#candidates : [before];
  }

  /** Which endpoint it was that the packet went to, or would have. */
  #wentTo({ dropped, event, data }: Outcome): number {
    const { family } = this.question;
    const address = dropped ? event?.destination : endsOf(data).destination;
    return this.places.findIndex(({ addresses }) => addresses[family] === address);
  }

  #port() {
    const { ports, addresses } = this.#service.spec;
    const [{ protocol, port, targetPort }] = ports as [(typeof ports)[number]];
    const address = addresses[this.question.family === 4 ? 0 : 1]!;
    return { protocol, number: PROTOCOLS[protocol], target: targetPort, vip: { address, port } };
  }

  #frame({ source, destination, ports }: Ends, flags: string): Uint8Array {
    const { protocol } = this.#port();
    const make = { TCP: tcp, UDP: udp, SCTP: sctp }[protocol];
    return make(source, destination, ports, flags);
  }

  #address(n: number): string {
    return this.places[n]!.addresses[this.question.family];
  }

  #end(n: number): End {
    const labels = this.one.endpoints[n]!;
    return { kind: 'endpoint', labels, isLocal: n < this.one.local };
  }

  #on(n: number, program: 'from_endpoint' | 'to_endpoint' = 'from_endpoint') {
    return { program, device: this.places[n]!.device };
  }
}

it('a packet to a service is judged by its back-end, and so are replies, also after a change of policy', async () => {
  const property = fc.asyncProperty(
    world,
    policies,
    services,
    questions(100),
    async (one, otherPolicies, drawn, asked) => {
      const other = { ...one, policies: otherPolicies };
      const [now, then] = [compileWorld(one), compileWorld(other)];
      const places = placesOf(one).own;
      await loaded.load(now, places);
      const document = documentOf(one, places, drawn) as ProgramDocument;
      for (const resource of serviceEntries(document, NODE)) await loaded.write(resource);
      const stays = new Map<string, number>();
      const connections = asked.map(
        (question, n) => new Connection(one, places, drawn, question, FIRST_PORT + n, stays),
      );
      for (const connection of connections) await connection.meet(now, one.policies);
      await loaded.commit(then, places, 1, 1);
      for (const connection of connections) await connection.meet(then, other.policies);
      await loaded.commit(now, places, 2, 0);
      for (const connection of connections) await connection.meet(now, one.policies);
    },
  );
  while (seen.allowed + seen.dropped < PACKETS) await fc.assert(property, { numRuns: 10 });
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(PACKETS / 100);
});
