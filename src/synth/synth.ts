import { PlumbError, throwAll } from '../model/error.js';
import { isNameIdentity, RESERVED } from '../model/identity.js';
import type { EndpointSpec, NodeSpec, ProgramDocument } from '../model/program.js';
import type { CompiledPolicy } from '../policy/compiled.js';
import { fqdnSelectors } from '../policy/fqdn.js';
import { nameClasses, type NameClasses } from '../policy/name-classes.js';
import { normalizeState } from '../state/canonical.js';
import { entries } from '../state/kinds/bpf-entries.js';
import {
  CONFIG_ALLOW_LOCALHOST,
  CONFIG_EVENT_ALLOWED,
  CONFIG_EVENT_BYTES,
  ENDPOINT_AUDIT,
} from '../state/layout.js';
import { PROXY_MODE, proxyWays } from '../state/proxy-names.js';
import type { EntriesResource, State } from '../state/state.js';
import { attachments } from './attachments.js';
import { isIPv6 } from './addresses.js';
import {
  clusterResources,
  endpointMtu,
  neighborhoodOf,
  TUNNEL_DEVICE,
  type Neighborhood,
} from './cluster.js';
import { endpointResources } from './endpoint.js';
import { featuresFor } from './features.js';
import type { Allocation } from './identities.js';
import { deviceName, macAddress } from './names.js';
import { ipcacheRows, prefixRows } from './ipcache.js';
import { masqueradeTable } from './masquerade.js';
import { NODE_DEVICE, nodeResources, type DatapathObject } from './node.js';
import { policyEntries } from './policy-entries.js';
import { proxyResources, redirectMode } from './proxy.js';
import { serviceEntries, serviceRoutes } from './services.js';

export interface SynthInput {
  readonly document: ProgramDocument;
  readonly node: NodeSpec;
  readonly allocation: Allocation;
  readonly compiled: CompiledPolicy;
  readonly datapath: DatapathObject;
}

/**
 * The kernel state that a program means on one of its nodes. Pure: the same input gives the same bytes.
 * @throws PlumbError PLB_DUPLICATE_NAME when two endpoints' devices would have one name.
 */
export function synth(input: SynthInput): State {
  const { document, node, compiled, datapath } = input;
  const local = document.endpoints.filter((endpoint) => endpoint.node === node.name);
  checkDevices(local);
  const around = neighborhoodOf(node, document);
  const mtu = endpointMtu(node, around);
  const listeners = [...compiled.listeners.values()];
  const features = featuresFor(node, document, around, listeners);
  const uses = {
    tunnel: around.mode === 'tunnel',
    services: document.services.length > 0,
    ...(listeners.length > 0 ? { proxy: redirectMode(node) } : {}),
    hostPolicy: compiled.policySets.has(RESERVED.host),
  };
  return normalizeState({
    version: 1,
    node: node.name,
    resources: [
      ...nodeResources(node, mtu),
      ...attachments(node, NODE_DEVICE, datapath, features, uses),
      ...clusterResources(node, around, NODE_DEVICE),
      ...local.flatMap((endpoint) => endpointResources(node, endpoint, mtu)),
      ...addressing(input, local, around),
      ...policyEntries(compiled, node.origin),
      ...proxyResources(node, listeners, mtu, namesOf(document, compiled)),
      ...serviceEntries(document, node),
      ...serviceRoutes(document, node),
      ...masqueradeTable(node, document),
    ],
  });
}

function namesOf({ policies }: ProgramDocument, compiled: CompiledPolicy): NameClasses | undefined {
  const selectors = fqdnSelectors(policies);
  return selectors.length === 0 ? undefined : nameClasses(selectors, compiled);
}

/** Rows that say who is where; no policy is in them. */
function addressing(
  { document, node, allocation, compiled }: SynthInput,
  local: readonly EndpointSpec[],
  around: Neighborhood,
): EntriesResource[] {
  const { origin } = node;
  const setOf = (endpoint: EndpointSpec): number =>
    compiled.policySets.get(allocation.idOf(endpoint.labels)) ?? 0;
  const flagsOf = ({ audit }: EndpointSpec) =>
    audit === true || node.audit === true ? { flags: ENDPOINT_AUDIT } : {};
  const devices = local.map((endpoint) => ({
    key: { device: deviceName(endpoint.name) },
    value: {
      identity: allocation.idOf(endpoint.labels),
      policySet: setOf(endpoint),
      ...flagsOf(endpoint),
      ...addressFields(endpoint),
    },
    origin: endpoint.origin,
  }));
  const endpoints = local.flatMap((endpoint) =>
    endpoint.addresses.map((address) => ({
      key: { address },
      value: {
        device: deviceName(endpoint.name),
        identity: allocation.idOf(endpoint.labels),
        policySet: setOf(endpoint),
        ...flagsOf(endpoint),
        mac: macAddress(node.name, endpoint.name, 'endpoint'),
        hostMac: macAddress(node.name, endpoint.name, 'host'),
      },
      origin: endpoint.origin,
    })),
  );
  const config = {
    flags: configFlags(node),
    hostPolicySet: compiled.policySets.get(RESERVED.host) ?? 0,
    ...(around.mode === 'tunnel'
      ? { tunnelDevice: TUNNEL_DEVICE, tunnelPort: node.cluster?.tunnelPort ?? 0 }
      : {}),
    ...(compiled.listeners.size > 0 ? waysOf(node) : {}),
  };
  return [
    entries('plumb_config', [{ key: { index: 0 }, value: config }], { origin }),
    entries('plumb_devices', devices, { origin }),
    entries('plumb_endpoints', endpoints, { origin }),
    entries('plumb_ipcache', ipcacheRows(document, node, allocation, around), { origin }),
    entries('plumb_ipcache_lpm', prefixRows(document, compiled, around), { origin }),
    entries('plumb_classes', classRows(document, allocation, compiled), { origin }),
  ];
}

function waysOf(node: NodeSpec) {
  const mode = redirectMode(node);
  const { egress, ingress } = proxyWays(mode);
  return {
    proxyEgress: egress.device,
    proxyIngress: ingress.device,
    proxyMode: PROXY_MODE[mode],
  };
}

function configFlags({ allowLocalhost, eventBytes, eventAllowed }: NodeSpec): number {
  return (
    (allowLocalhost ? CONFIG_ALLOW_LOCALHOST : 0) |
    (eventBytes === true ? CONFIG_EVENT_BYTES : 0) |
    (eventAllowed === true ? CONFIG_EVENT_ALLOWED : 0)
  );
}

/** Fields of both families; the one that an endpoint has no address of stays zero and matches no packet. */
function addressFields({ addresses }: EndpointSpec): Record<string, string> {
  const four = addresses.find((address) => !isIPv6(address));
  const six = addresses.find(isIPv6);
  return {
    ...(four === undefined ? {} : { address4: four }),
    ...(six === undefined ? {} : { address6: six }),
  };
}

function classRows(
  { endpoints }: ProgramDocument,
  allocation: Allocation,
  { classes }: CompiledPolicy,
) {
  const origins = new Map(endpoints.map((e) => [allocation.idOf(e.labels), e.origin]));
  // Who is behind names is written by who learns it.
  const planned = [...classes].filter(([identity]) => !isNameIdentity(identity));
  return planned.map(([identity, id]) => {
    const origin = origins.get(identity);
    return { key: { identity }, value: { class: id }, ...(origin === undefined ? {} : { origin }) };
  });
}

function checkDevices(endpoints: readonly EndpointSpec[]): void {
  const owner = new Map<string, EndpointSpec>();
  const errors: PlumbError[] = [];
  for (const endpoint of endpoints) {
    const device = deviceName(endpoint.name);
    const other = owner.get(device);
    owner.set(device, other ?? endpoint);
    if (other === undefined) continue;
    errors.push(
      new PlumbError(
        'PLB_DUPLICATE_NAME',
        `${endpoint.name} and ${other.name} would share the device ${device}`,
        { origin: endpoint.origin, hint: 'Name one of them otherwise.' },
      ),
    );
  }
  throwAll(errors);
}
