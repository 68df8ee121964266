import { complain, mention } from './complain.js';
import type { Origin, PlumbError } from './error.js';
import { canonicalKey } from './label-source.js';
import { LABEL_HINT, labelKeyProblem, labelValueProblem } from './labels.js';
import { isPortName, namedPort, PORT_SOURCE } from './named-port.js';
import type { EndpointSpec, Labels, NodeSpec, ProgramDocument } from './program.js';

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Links carry `plumb:<node>` as their alias, which the kernel cuts at 255 bytes. */
const MAX_NODE_NAME = 249;

/** A file below /run/netns. */
const NETNS = /^[A-Za-z0-9]([-._A-Za-z0-9]{0,62})$/;

/** RFC 1123. */
export function isDnsLabel(text: string): boolean {
  return DNS_LABEL.test(text);
}

/** Names, namespaces and labels that are malformed or taken, and endpoints of nodes that are not there. */
export function nameErrors({ nodes, endpoints }: ProgramDocument): PlumbError[] {
  const names = new Map<string, NodeSpec>();
  const errors = nodes.flatMap((node) => {
    const { name } = node;
    const good = name.length <= MAX_NODE_NAME && name.split('.').every((l) => DNS_LABEL.test(l));
    return [
      ...invalid(node, 'name', good ? undefined : name),
      ...taken(names, name, node, name),
      ...labelErrors(node, node.labels ?? {}),
    ];
  });
  const endpointNames = new Map<string, EndpointSpec>();
  const netns = new Map<string, EndpointSpec>();
  for (const endpoint of endpoints) {
    const { node, name } = endpoint;
    if (!names.has(node)) {
      const hint = `Use one of ${[...names.keys()].join(', ')}.`;
      errors.push(complain('PLB_UNKNOWN_NODE', endpoint, `there is no node ${node}`, hint));
    }
    errors.push(
      ...invalid(endpoint, 'name', DNS_LABEL.test(name) ? undefined : name),
      ...invalid(endpoint, 'netns', NETNS.test(endpoint.netns) ? undefined : endpoint.netns),
      ...taken(endpointNames, `${node}/${name}`, endpoint, name),
      ...taken(netns, `${node}/${endpoint.netns}`, endpoint, `network namespace ${endpoint.netns}`),
      ...labelErrors(endpoint, endpoint.labels),
    );
  }
  return errors;
}

interface Named {
  readonly origin: Origin;
}

function invalid(of: Named, what: 'name' | 'netns', text: string | undefined): PlumbError[] {
  if (text === undefined) return [];
  const hint =
    what === 'name'
      ? 'Use up to 63 small letters, digits and hyphens, beginning and ending with a letter or digit.'
      : 'Use up to 63 letters, digits, hyphens, dots and underscores, beginning with a letter or digit.';
  return [complain('PLB_INVALID_NAME', of, `${JSON.stringify(text)} cannot be its ${what}`, hint)];
}

/** Notes the first with a key; complains about each further one. */
function taken<T extends Named>(
  seen: Map<string, T>,
  key: string,
  item: T,
  what: string,
): PlumbError[] {
  const first = seen.get(key);
  if (first === undefined) {
    seen.set(key, item);
    return [];
  }
  const message = `${what} is taken by ${mention(first)}`;
  return [complain('PLB_DUPLICATE_NAME', item, message, 'Give one of the two another name.')];
}

function labelErrors(owner: Named, labels: Labels): PlumbError[] {
  const seen = new Set<string>();
  return Object.entries(labels).flatMap(([key, value]) => {
    const isTwice = seen.has(canonicalKey(key));
    seen.add(canonicalKey(key));
    const why = /^(reserved|cidr):/.test(key)
      ? 'such a source is not for labels of its own'
      : isTwice
        ? 'it is there with another source'
        : (labelKeyProblem(key) ?? valueProblem(key, value));
    if (why === undefined) return [];
    const message = `label ${JSON.stringify(key)}: ${why}`;
    return [complain('PLB_INVALID_LABEL', owner, message, LABEL_HINT)];
  });
}

function valueProblem(key: string, value: string): string | undefined {
  if (!key.startsWith(PORT_SOURCE)) return labelValueProblem(value);
  const isPort = isPortName(key.slice(PORT_SOURCE.length)) && namedPort(value) !== undefined;
  return isPort ? undefined : `${value} is no port with a name`;
}
