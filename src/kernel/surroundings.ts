import type { Firewall, ForeignRule, Surroundings } from '../model/surroundings.js';
import { ROUTE_PROTOCOL } from '../state/layout.js';
import { failedWith } from './errno.js';
import { readHooks } from './foreign-hooks.js';
import type { Instance } from './instance.js';
import { Netlink, netnsRead, nft, type Link, type Rule } from './native.js';
import { nodeOfAlias } from './ownership.js';
import { firewallsOf } from './firewalls.js';
import { portsOf } from './listening.js';

/** RTPROT_KERNEL: what the kernel makes by itself. */
const KERNEL = 2;

const SETTINGS = ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'];
const TABLES = ['udp', 'udp6', 'tcp', 'tcp6'] as const;

/**
 * What the node's namespace has besides what is ours. Reads only.
 * @param devices that lead out of the node; looked at for programs of others and for their settings
 */
export async function readSurroundings(
  instance: Instance,
  devices: readonly string[] = [],
): Promise<Surroundings> {
  const { netnsPath } = instance;
  const where = netnsPath === undefined ? {} : { netns: netnsPath };
  const netlink = await Netlink.open(where);
  try {
    const links = await netlink.links();
    const names = new Map(links.map(({ ifindex, name }) => [ifindex, name]));
    const routes = await netlink.routes();
    return {
      sysctls: await readSysctls(where, devices),
      rules: (await netlink.rules()).filter(isForeign).map(ruleOf),
      routes: routes
        .filter(
          ({ protocol, type }) => ![KERNEL, ROUTE_PROTOCOL].includes(protocol) && type !== 'local',
        )
        .map(({ destination, table, oif }) => {
          const device = names.get(oif ?? 0);
          return { destination, table, ...(device === undefined ? {} : { device }) };
        }),
      hooks: await readHooks(
        instance,
        netlink,
        links.filter(({ name }) => devices.includes(name)),
      ),
      firewalls: await readFirewalls(where),
      legacyTables: await readLegacyTables(where),
      ports: (await readPorts(where)).filter(
        ({ protocol, port }) => protocol !== 'UDP' || !isOurTunnel(links, port),
      ),
    };
  } finally {
    netlink.close();
  }
}

/** The kernel binds the port of a tunnel device as any program would. */
function isOurTunnel(links: readonly Link[], port: number): boolean {
  return links.some(({ alias, vxlan }) => vxlan?.port === port && nodeOfAlias(alias) !== undefined);
}

interface Where {
  readonly netns?: string;
}

async function readSysctls(
  where: Where,
  devices: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const filters = ['all', ...devices].map((device) => ['net', 'ipv4', 'conf', device, 'rp_filter']);
  const paths = [...SETTINGS.map((name) => name.split('.')), ...filters];
  const texts = await netnsRead({
    ...where,
    // a device's name may have dots, which its directory keeps
    paths: paths.map((parts) => `/proc/sys/${parts.join('/')}`),
  });
  return Object.fromEntries(
    paths.flatMap((parts, i): [string, string][] => {
      const text = texts[i]?.trim() ?? '';
      return text === '' ? [] : [[parts.join('.'), text]];
    }),
  );
}

/** The kernel's own rules lead to the tables local, main and default. */
function isForeign({ protocol }: Rule): boolean {
  return protocol !== ROUTE_PROTOCOL && protocol !== KERNEL;
}

function ruleOf({ priority, table, fwmark, fwmask }: Rule): ForeignRule {
  return {
    priority,
    table,
    ...(fwmark === undefined ? {} : { mark: fwmark }),
    ...(fwmask === undefined ? {} : { mask: fwmask }),
  };
}

/** A kernel without nf_tables has no chains; who has no privileges is not shown them. */
const UNREADABLE = ['EOPNOTSUPP', 'EPROTONOSUPPORT', 'EINVAL', 'EPERM', 'EACCES'];

async function readFirewalls(where: Where): Promise<Firewall[]> {
  try {
    const json = { nftables: [{ list: { ruleset: null } }] };
    return firewallsOf(await nft({ ...where, json }));
  } catch (error) {
    if (failedWith(error, ...UNREADABLE)) return [];
    throw error;
  }
}

const LEGACY = { IPv4: 'ip_tables_names', IPv6: 'ip6_tables_names' } as const;

/** The files are there only while the kernel has that netfilter; what cannot be read is empty. */
async function readLegacyTables(where: Where): Promise<string[]> {
  const families = Object.entries(LEGACY);
  const paths = families.map(([, file]) => `/proc/thread-self/net/${file}`);
  const texts = await netnsRead({ ...where, paths });
  return families.flatMap(([family], i) =>
    (texts[i] ?? '')
      .split('\n')
      .filter(Boolean)
      .map((table) => `${table} (${family})`),
  );
}

async function readPorts(where: Where): Promise<Surroundings['ports']> {
  const paths = TABLES.map((name) => `/proc/thread-self/net/${name}`);
  const texts = await netnsRead({ ...where, paths });
  return TABLES.flatMap((name, i) =>
    portsOf(name.startsWith('udp') ? 'UDP' : 'TCP', texts[i] ?? ''),
  );
}
