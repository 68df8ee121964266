/** What a node's kernel has besides what is ours, as far as it can clash with us. Plain values, as read. */
export interface Surroundings {
  /** Settings by their names with dots, `net.ipv4.ip_forward`, for the node's namespace; only those that are there. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly rules: readonly ForeignRule[];
  readonly routes: readonly ForeignRoute[];
  /** Programs and filters of others on devices that ours hang on. */
  readonly hooks: readonly ForeignHook[];
  readonly firewalls: readonly Firewall[];
  /** Tables of the netfilter of old (iptables-legacy), whose rules nobody shows here: `filter (IPv4)`. */
  readonly legacyTables: readonly string[];
  /** UDP ports that are bound, but for those of our own tunnels, and TCP ports that are listened on. */
  readonly ports: readonly { readonly protocol: 'TCP' | 'UDP'; readonly port: number }[];
}

/** An `ip rule` that is neither ours nor the kernel's. */
export interface ForeignRule {
  readonly priority: number;
  readonly table: number;
  readonly mark?: number;
  /** All bits when absent. */
  readonly mask?: number;
}

export interface ForeignRoute {
  /** CIDR. */
  readonly destination: string;
  readonly table: number;
  readonly device?: string;
}

export interface ForeignHook {
  readonly device: string;
  readonly direction: 'ingress' | 'egress';
  /** Kind and name: `bpf cil_from_netdev`. */
  readonly what: string;
}

/** A base chain of netfilter that is not ours. */
export interface Firewall {
  /** `ip filter FORWARD`. */
  readonly chain: string;
  readonly hook: string;
  /** What becomes of packets that no rule takes. */
  readonly policy: 'accept' | 'drop';
  /** Marks that the rules of its table look for or set. */
  readonly marks: readonly number[];
  /** Whether they do so in a way that does not say which: by an extension of iptables. */
  readonly hasHiddenMarks: boolean;
  /** Destination ports that they look for. */
  readonly ports: readonly number[];
}
