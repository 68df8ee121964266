import { complain, mention } from './complain.js';
import type { PlumbError } from './error.js';
import { portNumber } from './port.js';
import { contains, formatAddress, parseAddress, parsePrefix } from './prefix.js';
import type { ProgramDocument } from './program.js';
import { isDnsLabel } from './validate-names.js';
import type { ServicePortSpec, ServiceSpec } from './service.js';

/** A day; Kubernetes has the same limit. */
const MAX_AFFINITY = 86_400;
const MAX_WEIGHT = 100;

/** What is wrong with services: names, addresses, ports, back-ends. Selectors are checked with policies. */
export function serviceErrors(document: ProgramDocument): PlumbError[] {
  const names = new Map<string, ServiceSpec>();
  const owners = new Map<string, ServiceSpec>();
  return document.services.flatMap((service) => {
    const errors = [
      ...nameProblems(service, names),
      ...addressProblems(service, document, owners),
      ...portProblems(service),
      ...backendProblems(service),
    ];
    const { affinity } = service;
    if (!Number.isInteger(affinity) || affinity < 0 || affinity > MAX_AFFINITY) {
      const message = `${String(affinity)} cannot be its affinity`;
      errors.push(invalid(service, message, `Use seconds, 0 to ${String(MAX_AFFINITY)}.`));
    }
    return errors;
  });
}

function invalid(service: ServiceSpec, message: string, hint: string): PlumbError {
  return complain('PLB_INVALID_SERVICE', service, message, hint);
}

function nameProblems(service: ServiceSpec, names: Map<string, ServiceSpec>): PlumbError[] {
  const { name } = service;
  if (!isDnsLabel(name)) {
    const hint = 'Use up to 63 small letters, digits and hyphens.';
    return [
      complain('PLB_INVALID_NAME', service, `${JSON.stringify(name)} cannot be its name`, hint),
    ];
  }
  const first = names.get(name);
  names.set(name, first ?? service);
  if (first === undefined) return [];
  const message = `${name} is taken by ${mention(first)}`;
  return [complain('PLB_DUPLICATE_NAME', service, message, 'Give one of the two another name.')];
}

function addressProblems(
  service: ServiceSpec,
  { nodes, endpoints }: ProgramDocument,
  owners: Map<string, ServiceSpec>,
): PlumbError[] {
  const errors: PlumbError[] = [];
  if (service.addresses.length === 0) {
    errors.push(complain('PLB_NO_ADDRESS', service, 'it has no address', 'Give it a virtual one.'));
  }
  const families = new Set<number>();
  const hosts = new Set(nodes.flatMap(({ addresses }) => addresses));
  for (const text of service.addresses) {
    const address = parseAddress(text);
    if (address === undefined) {
      const message = `${JSON.stringify(text)} is no IP address`;
      errors.push(complain('PLB_INVALID_ADDRESS', service, message, "Write it as '10.96.0.1'."));
      continue;
    }
    const { family } = address;
    if (families.has(family)) {
      const message = `addresses has more than one IPv${String(family)} address`;
      const hint = `Leave one IPv${String(family)} address.`;
      errors.push(complain('PLB_ADDRESS_FAMILY', service, message, hint));
    }
    families.add(family);
    const key = formatAddress(address);
    const node = nodes.find(({ podCIDRs }) =>
      podCIDRs.some((range) => {
        const prefix = parsePrefix(range);
        return prefix !== undefined && contains(prefix, address);
      }),
    );
    const owner = owners.get(key) ?? endpoints.find(({ addresses }) => addresses.includes(key));
    if (node !== undefined) {
      const message = `${key} is inside the ranges of ${mention(node)}`;
      errors.push(invalid(service, message, 'Use an address outside the ranges of all nodes.'));
    } else if (owner !== undefined || hosts.has(key)) {
      const whose = owner === undefined ? "a node's" : `that of ${mention(owner)}`;
      const message = `${key} is taken: it is ${whose}`;
      const hint = 'Give one of the two another address.';
      errors.push(complain('PLB_DUPLICATE_ADDRESS', service, message, hint));
    }
    owners.set(key, service);
  }
  return errors;
}

function portProblems(service: ServiceSpec): PlumbError[] {
  if (service.ports.length === 0) {
    return [invalid(service, 'it has no ports', 'Give it one, as { port: 80 }.')];
  }
  const seen = new Set<string>();
  return service.ports.flatMap((port: ServicePortSpec): PlumbError[] => {
    const name = `${String(port.port)}/${port.protocol}`;
    if (portNumber(port.port) === undefined || portNumber(port.targetPort) === undefined) {
      const message = `${name} to ${String(port.targetPort)} is no pair of ports`;
      return [invalid(service, message, 'Use numbers from 1 to 65535.')];
    }
    if (seen.has(name)) {
      return [invalid(service, `it has port ${name} twice`, 'Leave one of the two out.')];
    }
    seen.add(name);
    if (port.protocol !== 'SCTP' || port.port === port.targetPort) return [];
    const message = `${name} cannot lead to another port: SCTP's checksum covers it`;
    return [invalid(service, message, 'Leave targetPort out.')];
  });
}

function backendProblems(service: ServiceSpec): PlumbError[] {
  return service.backends.flatMap(({ address, weight }): PlumbError[] => {
    const parsed = parseAddress(address);
    if (parsed === undefined) {
      const message = `back-end ${JSON.stringify(address)} is no IP address`;
      return [complain('PLB_INVALID_ADDRESS', service, message, "Write it as '10.1.0.11'.")];
    }
    if (Number.isInteger(weight) && weight >= 0 && weight <= MAX_WEIGHT) return [];
    const message = `${String(weight)} cannot be the weight of ${address}`;
    return [invalid(service, message, `Use 0 (drain) to ${String(MAX_WEIGHT)}.`)];
  });
}
