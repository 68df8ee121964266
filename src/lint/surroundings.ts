import { lint, type Lint } from '../model/lint.js';
import { contains, parsePrefix } from '../model/prefix.js';
import type { NodeSpec } from '../model/program.js';
import type { Surroundings } from '../model/surroundings.js';
import { PROXY_MARK, PROXY_MARK_MASK, TPROXY_TABLES } from '../state/proxy-names.js';
import type { State } from '../state/state.js';
import type { LintInput } from './input.js';

/** What of others will clash with the node's own. */
export function lintSurroundings(input: LintInput): Lint[] {
  const { node, document, state, surroundings, newPorts = [] } = input;
  if (surroundings === undefined) return [];
  return [
    ...lintForwarding(node, surroundings),
    ...lintReversePath(node, surroundings),
    ...lintHooks(node, surroundings),
    ...lintFirewalls(node, surroundings),
    ...lintLegacy(node, surroundings),
    ...lintRoutes(node, document.nodes, surroundings),
    ...(usesMarks(state) ? lintMarks(node, surroundings) : []),
    ...lintPorts(node, surroundings),
    ...lintListeners(node, newPorts, surroundings),
  ];
}

/** Whether packets of endpoints leave the node at all. */
function leavesNode({ cluster, devices = [], masquerade }: NodeSpec): boolean {
  return cluster !== undefined || devices.length > 0 || masquerade === true;
}

function lintForwarding(node: NodeSpec, { sysctls }: Surroundings): Lint[] {
  if (!leavesNode(node)) return [];
  const families = [
    ['net.ipv4.ip_forward', node.podCIDRs.some((range) => !range.includes(':'))],
    ['net.ipv6.conf.all.forwarding', node.podCIDRs.some((range) => range.includes(':'))],
  ] as const;
  return families
    .filter(([name, isUsed]) => isUsed && sysctls[name] === '0')
    .map(([name]) =>
      lint(
        'PLL_FORWARDING_OFF',
        `${name} is 0: endpoints of ${node.name} reach neither the world nor other nodes`,
        node.origin,
        `Set it: sysctl -w ${name}=1.`,
      ),
    );
}

/** The larger of all's and the device's own value counts. */
function lintReversePath(
  { name: node, origin, devices = [] }: NodeSpec,
  { sysctls }: Surroundings,
): Lint[] {
  const value = (device: string): number =>
    Number(sysctls[`net.ipv4.conf.${device}.rp_filter`] ?? '0');
  return devices
    .filter((device) => Math.max(value('all'), value(device)) === 1)
    .map((device) =>
      lint(
        'PLL_RP_FILTER',
        `reverse path filtering on ${device} of ${node} is strict: packets that come by another way are dropped`,
        origin,
        `Make it loose: sysctl -w net.ipv4.conf.${device}.rp_filter=2.`,
      ),
    );
}

function lintHooks({ name, origin }: NodeSpec, { hooks }: Surroundings): Lint[] {
  return hooks.map(({ device, direction, what }) =>
    lint(
      'PLL_FOREIGN_HOOK',
      `${what} of somebody else hangs on ${direction} of ${device}, a device of ${name}`,
      origin,
      'Check that both may see the packets, or detach the other one.',
    ),
  );
}

function lintFirewalls(node: NodeSpec, { firewalls }: Surroundings): Lint[] {
  if (!leavesNode(node)) return [];
  const { cluster } = node;
  const dropping = firewalls.filter(({ policy }) => policy === 'drop');
  const forwarding = dropping
    .filter(({ hook }) => hook === 'forward')
    .map(({ chain }) =>
      lint(
        'PLL_FIREWALL_DROPS',
        `chain ${chain} drops what it does not know where packets of ${node.name} are forwarded`,
        node.origin,
        `Let ${node.podCIDRs.join(' and ')} through in it, both ways.`,
      ),
    );
  if (cluster?.mode !== 'tunnel') return forwarding;
  const port = cluster.tunnelPort;
  const tunnel = dropping
    .filter(({ hook, ports }) => hook === 'input' && !ports.includes(port))
    .map(({ chain }) =>
      lint(
        'PLL_FIREWALL_DROPS',
        `chain ${chain} drops what it does not know, and no rule of its table knows the tunnels of cluster ${cluster.name}`,
        node.origin,
        `Let UDP to port ${String(port)} in.`,
      ),
    );
  return [...forwarding, ...tunnel];
}

function lintLegacy(node: NodeSpec, { legacyTables }: Surroundings): Lint[] {
  if (!leavesNode(node) || legacyTables.length === 0) return [];
  const hint =
    'See that iptables-legacy -S lets the packets of endpoints through, or move to iptables-nft.';
  const message = `iptables-legacy has tables here whose rules plumb does not see: ${legacyTables.join(', ')}`;
  return [lint('PLL_FIREWALL_UNSEEN', message, node.origin, hint)];
}

/** A default route goes everywhere and is none of ours; what is inside a range, or around it, is. */
function lintRoutes(node: NodeSpec, nodes: readonly NodeSpec[], { routes }: Surroundings): Lint[] {
  const members = nodes.filter(
    ({ name, cluster }) =>
      name === node.name || (cluster !== undefined && cluster.name === node.cluster?.name),
  );
  const ranges = members.flatMap(({ podCIDRs }) => podCIDRs);
  return routes.flatMap(({ destination, table, device = 'nowhere' }) => {
    const route = parsePrefix(destination);
    const range = ranges.find((text) => {
      const own = parsePrefix(text);
      return own !== undefined && route !== undefined && contains(own, route);
    });
    if (range === undefined) return [];
    return [
      lint(
        'PLL_FOREIGN_ROUTE',
        `a route that is not ours leads ${destination}, of range ${range}, to ${device} (table ${String(table)})`,
        node.origin,
        'Remove that route, or give the node another range.',
      ),
    ];
  });
}

function lintPorts(node: NodeSpec, { ports }: Surroundings): Lint[] {
  const { cluster } = node;
  if (cluster?.mode !== 'tunnel') return [];
  const { tunnelPort } = cluster;
  const isTaken = ports.some(({ protocol, port }) => protocol === 'UDP' && port === tunnelPort);
  if (!isTaken) return [];
  return [
    lint(
      'PLL_PORT_TAKEN',
      `UDP port ${String(tunnelPort)}, that of the tunnel of cluster ${cluster.name}, is bound by somebody else`,
      node.origin,
      'Free the port, or give the cluster another tunnelPort.',
    ),
  ];
}

const PROXY_TABLES: readonly number[] = Object.values(TPROXY_TABLES);

/** Whether anything of ours asks for a mark: only then can a mark clash. */
function usesMarks(state: State | undefined): boolean {
  return (
    state?.resources.some((r) => r.kind === 'rule' && r.attributes.fwmark !== undefined) ?? false
  );
}

/** Ports that a listener of the proxy is to get in the node's own namespace. */
function lintListeners({ origin }: NodeSpec, wanted: readonly number[], { ports }: Surroundings) {
  const taken = new Set(ports.map(({ port }) => port));
  return wanted
    .filter((port) => taken.has(port))
    .map((port) =>
      lint(
        'PLL_PORT_TAKEN',
        `port ${String(port)}, that of a listener of the proxy, is bound by somebody else`,
        origin,
        'Free the port, or choose redirectMode socket, which needs none.',
      ),
    );
}

function lintMarks({ origin }: NodeSpec, { rules, routes, firewalls }: Surroundings): Lint[] {
  const clashes = (mark: number): boolean => (mark & PROXY_MARK_MASK) !== 0;
  const said = `marks 0x${PROXY_MARK.toString(16)}/0x${PROXY_MARK_MASK.toString(16)}`;
  const hint = 'Move the other one to bits and tables that plumb does not use.';
  return [
    ...rules
      .filter(({ mark = 0, mask = ~0 }) => clashes(mark) && (mask & PROXY_MARK_MASK) !== 0)
      .map(({ priority, mark = 0 }) =>
        lint(
          'PLL_FOREIGN_MARK',
          `ip rule ${String(priority)} looks for mark 0x${mark.toString(16)}, in the bits of ours (${said})`,
          origin,
          hint,
        ),
      ),
    ...rules
      .filter(({ table }) => PROXY_TABLES.includes(table))
      .map(({ priority, table }) =>
        lint(
          'PLL_FOREIGN_MARK',
          `ip rule ${String(priority)} leads to table ${String(table)}, which is ours`,
          origin,
          hint,
        ),
      ),
    ...routes
      .filter(({ table }) => PROXY_TABLES.includes(table))
      .map(({ destination, table }) =>
        lint(
          'PLL_FOREIGN_ROUTE',
          `a route that is not ours, to ${destination}, is in table ${String(table)}, which is ours`,
          origin,
          'Move the route to a table that plumb does not use.',
        ),
      ),
    ...firewalls
      .filter(({ hasHiddenMarks }) => hasHiddenMarks)
      .map(({ chain }) =>
        lint(
          'PLL_FOREIGN_MARK',
          `the table of chain ${chain} uses marks in a way that does not show which; ours are ${said}`,
          origin,
          'See iptables-save for them; move them to other bits if they are in ours.',
        ),
      ),
    ...firewalls
      .filter(({ marks }) => marks.some(clashes))
      .map(({ chain, marks }) =>
        lint(
          'PLL_FOREIGN_MARK',
          `the table of chain ${chain} uses mark 0x${(marks.find(clashes) ?? 0).toString(16)}, in the bits of ours (${said})`,
          origin,
          hint,
        ),
      ),
  ];
}
