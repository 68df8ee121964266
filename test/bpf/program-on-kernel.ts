import { compileFor, type Compiled } from '../../src/engine/provenance.js';
import { RESERVED } from '../../src/model/identity.js';
import type { NodeSpec, ProgramDocument } from '../../src/model/program.js';
import { documentErrors, resolveProgram } from '../../src/model/resolve-program.js';
import { throwAll } from '../../src/model/error.js';
import type { CompiledPolicy } from '../../src/policy/compiled.js';
import { fqdnSelectors, type NameBinding } from '../../src/policy/fqdn.js';
import { namePeers } from '../../src/policy/name-peers.js';
import { validatePolicies } from '../../src/policy/validate.js';
import type { Devices } from '../../src/state/kernel-form.js';
import { entries } from '../../src/state/kinds/bpf-entries.js';
import type { EntriesResource } from '../../src/state/state.js';
import { allocateIdentities } from '../../src/synth/identities.js';
import { deviceName } from '../../src/synth/names.js';
import { synth } from '../../src/synth/synth.js';
import { DeviceNamespace, LoadedPolicy, type Shot } from './loaded-policy.js';
import { reservedPlaces } from './policy-rows.js';

/** `filtered`: it is for a proxy, which nobody is here; `audited`: denied, let through and told. */
export type Said = 'allowed' | 'denied' | 'filtered' | 'audited';

export interface Connection {
  /** An endpoint's name, a node's, a reserved identity's, `world` or an address. */
  readonly from: string;
  readonly to: string;
  readonly protocol: number;
  /** Of ICMP: type << 8 | code. */
  readonly port: number;
}

type Ends = Readonly<Partial<Record<4 | 6, string>>>;

const PROTOCOL: Readonly<Record<string, number>> = {
  TCP: 6,
  UDP: 17,
  SCTP: 132,
  ICMP: 1,
  ICMPV6: 58,
};
const FAMILY: Readonly<Record<number, 4 | 6>> = { 1: 4, 58: 6 };
/** In no range of any node. */
const WORLD: Ends = { 4: '198.51.100.7', 6: '2001:db8:ffff::7' };
const FIRST_PORT = 20_000;
/** Any device that is no endpoint's. */
const UPLINK = 'd0';

/** `cart > web 80/UDP`, `cart > web ICMP/8`; TCP without a word. */
export function connection(text: string): Connection {
  const [, from, to, icmp, number, protocol = 'TCP'] =
    /^(\S+) > (\S+) (?:(ICMP|ICMPv6)\/)?(\d+)(?:\/(\w+))?$/.exec(text) ?? [];
  if (from === undefined || to === undefined) throw new Error(`${text} is no connection`);
  const known = PROTOCOL[(icmp ?? protocol).toUpperCase()];
  if (known === undefined) throw new Error(`${text}: ${protocol} is no protocol`);
  return {
    from,
    to,
    protocol: known,
    port: icmp === undefined ? Number(number) : Number(number) << 8,
  };
}

/** The shipped object on a node's worth of devices. Close it in `afterAll`. */
export class Datapath {
  private constructor(
    readonly loaded: LoadedPolicy,
    readonly namespace: DeviceNamespace,
  ) {}

  /** @param slots how many endpoints there may be, besides one device that is nobody's */
  static async open(slots: number): Promise<Datapath> {
    const namespace = new DeviceNamespace(slots + 1);
    try {
      return new Datapath(await LoadedPolicy.open(namespace), namespace);
    } catch (error) {
      namespace.dispose();
      throw error;
    }
  }

  close(): void {
    this.loaded.close();
    this.namespace.dispose();
  }
}

/** All that a program means on its first node, in the shipped datapath on maps of its own. */
export class ProgramOnKernel {
  private shots = 0;

  private constructor(
    private readonly document: ProgramDocument,
    private readonly node: NodeSpec,
    private readonly loaded: LoadedPolicy,
    private readonly slots: ReadonlyMap<string, string>,
  ) {}

  /**
   * @param learned what the DNS said, as far as the supervisor of proxies heard of it
   * @throws PlumbError or PlumbErrors, as a command would
   */
  static async load(
    written: ProgramDocument,
    { loaded, namespace }: Datapath,
    learned: readonly NameBinding[] = [],
  ): Promise<Compiled & { readonly program: ProgramOnKernel }> {
    throwAll(documentErrors(written));
    const document = resolveProgram(written);
    const [node] = document.nodes;
    if (node === undefined) throw new Error('there is no node');
    const allocation = allocateIdentities(document.endpoints);
    throwAll(validatePolicies(document.policies, allocation.identities, document.nodes));
    const compiled = compileFor(document, node, allocation);
    const { policy } = compiled;
    const state = synth({ document, node, allocation, compiled: policy, datapath: { hash: '' } });
    const rows = state.resources.filter(
      (one): one is EntriesResource => one.kind === 'bpf-entries',
    );
    const local = document.endpoints.filter((endpoint) => endpoint.node === node.name);
    const slots = new Map(local.map(({ name }, n) => [deviceName(name), `d${String(n + 1)}`]));
    const devices: Devices = {
      // The proxy's devices are none: what is to be filtered does not pass then, and says why.
      ifindexOf: (name) => namespace.ifindexOf(slots.get(name) ?? name) ?? 0,
      nameOf: (ifindex) => namespace.nameOf(ifindex),
    };
    await loaded.fill([...rows, ...others(), ...namesIn(document, policy, learned)], devices);
    return { ...compiled, program: new ProgramOnKernel(document, node, loaded, slots) };
  }

  /** What the kernel says of new connections, each in all the families that both ends have. */
  async judge(connections: readonly Connection[]): Promise<Said[]> {
    const shots = connections.map((one) => this.shotsOf(one));
    const outcomes = await this.loaded.judge(shots.flat());
    return shots.map((own, n) => {
      const said = outcomes.splice(0, own.length).map(({ dropped, event }): Said => {
        if (event?.reason === 'proxy-unavailable') return 'filtered';
        if (dropped) return 'denied';
        return event === undefined ? 'allowed' : 'audited';
      });
      const [first] = said;
      if (first === undefined) throw new Error(`${JSON.stringify(connections[n])}: no family`);
      if (said.every((one) => one === first)) return first;
      throw new Error(`${JSON.stringify(connections[n])}: ${said.join(' by IPv4, by IPv6 ')}`);
    });
  }

  private shotsOf({ from, to, protocol, port }: Connection): Shot[] {
    const [source, destination] = [this.addressesOf(from), this.addressesOf(to)];
    return ([4, 6] as const).flatMap((family) => {
      const ends = { source: source[family], destination: destination[family] };
      if (ends.source === undefined || ends.destination === undefined) return [];
      if ((FAMILY[protocol] ?? family) !== family) return [];
      const sourcePort = FIRST_PORT + this.shots++;
      const wire = { source: ends.source, destination: ends.destination };
      const hook = this.hookOf(from, to);
      return [{ ...hook, wire: { ...wire, protocol, sourcePort, destinationPort: port } }];
    });
  }

  /** Where such a packet is judged first. */
  private hookOf(from: string, to: string): Pick<Shot, 'device' | 'program'> {
    const [sender, receiver] = [this.slotOf(from), this.slotOf(to)];
    if (sender !== undefined) return { device: sender, program: 'from_endpoint' };
    if (receiver !== undefined) return { device: receiver, program: 'to_endpoint' };
    return { device: UPLINK, program: from === 'host' ? 'to_uplink' : 'from_uplink' };
  }

  private slotOf(name: string): string | undefined {
    const isHere = this.document.endpoints.some(
      (endpoint) => endpoint.node === this.node.name && endpoint.name === name,
    );
    return isHere ? this.slots.get(deviceName(name)) : undefined;
  }

  private addressesOf(name: string): Ends {
    const { endpoints, nodes, services } = this.document;
    if (name === 'world') return WORLD;
    if (name === 'host') return byFamily(this.node.addresses);
    const reserved = reservedPlaces().find(({ identity }) => identity === reservedId(name));
    if (reserved !== undefined) return reserved.addresses;
    const named = [...endpoints, ...nodes, ...services].find((one) => one.name === name);
    return byFamily(named?.addresses ?? [name]);
  }
}

function reservedId(name: string): number | undefined {
  return Object.hasOwn(RESERVED, name) ? RESERVED[name as keyof typeof RESERVED] : undefined;
}

function byFamily(addresses: readonly string[]): Ends {
  const find = (isIPv6: boolean) => addresses.find((address) => address.includes(':') === isIPv6);
  const [four, six] = [find(false), find(true)];
  return { ...(four !== undefined && { 4: four }), ...(six !== undefined && { 6: six }) };
}

/** Those whom no program makes, but an ipcache may name. */
function others(): EntriesResource[] {
  const rows = reservedPlaces().flatMap(({ identity, addresses }) =>
    Object.values(addresses).map((address) => ({ key: { address }, value: { identity } })),
  );
  return [entries('plumb_ipcache', rows)];
}

function namesIn(
  { policies }: ProgramDocument,
  policy: CompiledPolicy,
  learned: readonly NameBinding[],
): EntriesResource[] {
  const { peers, classes } = namePeers(fqdnSelectors(policies), policy, learned);
  return [
    entries(
      'plumb_classes',
      [...classes].map(([identity, id]) => ({ key: { identity }, value: { class: id } })),
    ),
    entries(
      'plumb_ipcache',
      [...peers].map(([address, identity]) => ({ key: { address }, value: { identity } })),
    ),
  ];
}
