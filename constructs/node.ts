import type { Construct } from 'constructs';
import { PlumbError } from '../src/model/error.js';
import { firstUsable, parsePrefix } from '../src/model/prefix.js';
import type { Labels, NodeSpec } from '../src/model/program.js';
import { PlumbConstruct } from './base.js';
import { Cluster } from './cluster.js';
import { nodes, Outside } from './peers.js';
import { plain } from './plain.js';

/** What a {@link Node} is made from. */
export interface NodeProps {
  /**
   * Ranges that the node's endpoints take their addresses from, as IPv4 or IPv6 CIDR,
   * for example `10.1.0.0/24`. At least one.
   */
  readonly podCIDRs: readonly string[];

  /**
   * What policies select the node by, as a subject and as a peer.
   * @default none
   */
  readonly labels?: Labels;

  /**
   * Whether the Kubernetes API is served there: then the node is the entity `kube-apiserver`, too.
   * @default false
   */
  readonly isApiServer?: boolean;

  /**
   * The endpoints' gateways: the node's own addresses inside its ranges, one a family.
   * @default the first usable address of the first range of each family
   */
  readonly gateways?: readonly string[];

  /**
   * Further addresses of the host, for example its uplink's. They are the entity `host`; plumb never
   * configures them.
   * @default none
   */
  readonly addresses?: readonly string[];

  /**
   * Whether the local host may always reach the endpoints, whatever policy says.
   * @default true
   */
  readonly allowLocalhost?: boolean;

  /**
   * `default`: an endpoint is default-deny in the directions that a policy selects it for;
   * `always`: in both directions, also where none does; `never`: everything is allowed.
   * @default 'default'
   */
  readonly enforcement?: 'default' | 'always' | 'never';

  /**
   * MTU of the node's uplink in bytes. The endpoints' devices have the same, or in a cluster with
   * tunnels what those leave of it.
   * @default 1500
   */
  readonly mtu?: number;

  /**
   * Let through and report what policies deny the endpoints, instead of dropping it.
   * @default false
   */
  readonly audit?: boolean;

  /**
   * Devices that lead out of the node, for example `eth0`. Routes to other nodes leave by the first;
   * services and policies of the node itself are also looked at there. plumb never configures them.
   * @default none
   */
  readonly devices?: readonly string[];

  /**
   * Whether what the endpoints send beyond the nodes leaves in the node's name, so that replies come
   * back. Needs forwarding switched on for the uplink. In whose name a flow leaves is settled when it begins: one
   * with the world that is open while this is switched may break.
   * @default false
   */
  readonly masquerade?: boolean;

  /**
   * How packets that rules of layer 7 filter come to the proxy. `socket`: the datapath hands them to its
   * sockets, in a namespace of its own. `tproxy`: by netfilter, marks and policy routing, in the node's
   * namespace. `nat`: the datapath changes their port. Changing it resets connections that are filtered.
   * @default 'socket'
   */
  readonly redirectMode?: 'socket' | 'tproxy' | 'nat';

  /**
   * Whether drops are told, for `plumb monitor`. They are counted in any case.
   * @default true
   */
  readonly events?: boolean;

  /**
   * Whether events carry the first bytes of their packet (at most 96, from the Ethernet header), for
   * `plumb monitor --hex` and `--pcap`. They may hold what the endpoints say to each other.
   * @default false
   */
  readonly eventBytes?: boolean;

  /**
   * Whether flows that are allowed are told too: once when they open, and once after each change.
   * @default false
   */
  readonly eventAllowed?: boolean;
}

const KNOWN: readonly (keyof NodeProps)[] = [
  'podCIDRs',
  'labels',
  'isApiServer',
  'gateways',
  'addresses',
  'allowLocalhost',
  'enforcement',
  'mtu',
  'audit',
  'devices',
  'masquerade',
  'redirectMode',
  'events',
  'eventBytes',
  'eventAllowed',
];

/** A Linux machine (or network namespace) that endpoints live on. Its id is its name. */
export class Node extends PlumbConstruct {
  /** Unique in the program. */
  readonly name: string;
  /** What policies select it by. */
  readonly labels: Labels;
  /** Whether the Kubernetes API is served there. */
  readonly isApiServer: boolean;
  /** Ranges of the endpoints' addresses. */
  readonly podCIDRs: readonly string[];
  /** The endpoints' gateways, one a family. */
  readonly gateways: readonly string[];
  /** Further addresses of the host. */
  readonly addresses: readonly string[];
  /** Whether the local host may always reach the endpoints. */
  readonly allowLocalhost: boolean;
  /** When endpoints are default-deny. */
  readonly enforcement: 'default' | 'always' | 'never';
  /** MTU of the node's uplink in bytes. */
  readonly mtu: number;
  /** Whether policies only report. */
  readonly audit: boolean;
  /** Devices that lead out of the node. */
  readonly devices: readonly string[];
  /** Whether what endpoints send beyond the nodes leaves in the node's name. */
  readonly masquerade: boolean;
  /** How packets come to the proxy of layer 7. */
  readonly redirectMode: 'socket' | 'tproxy' | 'nat';
  /** Whether drops are told. */
  readonly events: boolean;
  /** Whether events carry the first bytes of their packet. */
  readonly eventBytes: boolean;
  /** Whether flows that are allowed are told too. */
  readonly eventAllowed: boolean;
  /** The cluster around the node, if there is one. */
  readonly cluster: Cluster | undefined;

  /** @throws PlumbError PLB_DUPLICATE_NAME, PLB_UNKNOWN_FIELD, PLB_NOT_PLAIN */
  constructor(scope: Construct, id: string, props: NodeProps) {
    super(scope, id, props, KNOWN);
    const { path } = this.node;
    this.name = this.node.id;
    this.podCIDRs = plain(props.podCIDRs, path, 'podCIDRs');
    this.labels = plain(props.labels ?? {}, path, 'labels');
    this.isApiServer = props.isApiServer ?? false;
    this.gateways = plain(props.gateways ?? defaultGateways(this.podCIDRs), path, 'gateways');
    this.addresses = plain(props.addresses ?? [], path, 'addresses');
    this.allowLocalhost = props.allowLocalhost ?? true;
    this.enforcement = props.enforcement ?? 'default';
    this.mtu = plain(props.mtu ?? 1500, path, 'mtu');
    this.audit = props.audit ?? false;
    this.devices = plain(props.devices ?? [], path, 'devices');
    this.masquerade = props.masquerade ?? false;
    this.redirectMode = props.redirectMode ?? 'socket';
    this.events = props.events ?? true;
    this.eventBytes = props.eventBytes ?? false;
    this.eventAllowed = props.eventAllowed ?? false;
    this.cluster = this.node.scopes.findLast((scope) => scope instanceof Cluster);
  }

  /**
   * The host itself, as {@link Subject} talks of it: nodes that have its labels too are meant with it.
   * @throws PlumbError PLB_SUBJECT when it has no labels
   */
  get asPeer(): Outside {
    if (Object.keys(this.labels).length > 0) {
      return new Outside(this.node.id, nodes(this.labels).peers);
    }
    const { path } = this.node;
    throw new PlumbError('PLB_SUBJECT', `${path} has no labels, so that nothing selects it alone`, {
      origin: { path },
      hint: "Give it labels, or say entities('host') for the node that an endpoint is on.",
    });
  }

  /** This node as plain data. */
  toSpec(): NodeSpec {
    const { origin, name, podCIDRs, gateways, addresses, allowLocalhost, enforcement, mtu } = this;
    const { devices, cluster, masquerade, events, audit, labels, isApiServer } = this;
    const { eventBytes, eventAllowed, redirectMode } = this;
    const given = { origin, name, podCIDRs, gateways, addresses, allowLocalhost, enforcement, mtu };
    return {
      ...given,
      ...(Object.keys(labels).length > 0 && { labels }),
      ...(isApiServer && { isApiServer }),
      ...(audit && { audit }),
      ...(devices.length === 0 ? {} : { devices }),
      ...(masquerade ? { masquerade } : {}),
      ...(redirectMode === 'socket' ? {} : { redirectMode }),
      ...(events ? {} : { events }),
      ...(eventBytes ? { eventBytes } : {}),
      ...(eventAllowed ? { eventAllowed } : {}),
      ...(cluster === undefined ? {} : { cluster: cluster.toSpec() }),
    };
  }
}

/** Ranges that are no CIDR give no gateway here; validation reports them. */
function defaultGateways(podCIDRs: readonly string[]): string[] {
  const first = new Map<4 | 6, string>();
  for (const text of podCIDRs) {
    const prefix = parsePrefix(text);
    if (prefix === undefined || first.has(prefix.family)) continue;
    first.set(prefix.family, firstUsable(prefix));
  }
  return [...first.values()];
}
