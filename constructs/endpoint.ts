import type { Construct } from 'constructs';
import { PlumbError } from '../src/model/error.js';
import { isPortName, portLabels, PORT_SOURCE, type NamedPort } from '../src/model/named-port.js';
import { portNumber } from '../src/model/port.js';
import type { EndpointSpec, Labels, PortSpec, SelectorSpec } from '../src/model/program.js';
import { labelsIn, namespaceOf, type Namespace } from './namespace.js';
import { Node } from './node.js';
import { plain } from './plain.js';
import { Subject } from './subject.js';

interface EndpointBaseProps {
  /** What policies select it by. Endpoints of equal labels share an identity. */
  readonly labels: Labels;

  /**
   * Unique on its node; a DNS label.
   * @default the id
   */
  readonly name?: string;

  /**
   * The network namespace that plumb creates for it.
   * @default the name
   */
  readonly netns?: string;

  /**
   * Let through and report what policies deny it, instead of dropping it.
   * @default false
   */
  readonly audit?: boolean;

  /**
   * Names of its ports, which rules may use for numbers: up to 15 small letters, digits and hyphens.
   * @default none
   */
  readonly ports?: Readonly<Record<string, PortSpec>>;

  /**
   * The namespace that it is in: labels that say so are added to its own.
   * @default the {@link Namespace} around it, else none
   */
  readonly namespace?: Namespace | string;
}

/** What an {@link Endpoint} is made from: `address` for one, `addresses` for one of each family. */
export type EndpointProps = EndpointBaseProps &
  (
    | {
        /** Its address, inside one of the node's ranges. */
        readonly address: string;
        readonly addresses?: never;
      }
    | {
        /** Its addresses, inside the node's ranges, at most one a family. */
        readonly addresses: readonly string[];
        readonly address?: never;
      }
  );

const KNOWN = ['labels', 'name', 'netns', 'namespace', 'ports', 'audit', 'address', 'addresses'];

/** A container or pod: labels, addresses and a network namespace, on the {@link Node} around it. */
export class Endpoint extends Subject {
  /** Unique on its node. */
  readonly name: string;
  /** What policies select it by. */
  readonly labels: Labels;
  /** At most one a family. */
  readonly addresses: readonly string[];
  /** The network namespace that plumb creates for it. */
  readonly netns: string;
  /** Whether policies only report. */
  readonly audit: boolean;
  /** The node that it lives on. */
  readonly host: Node;

  /**
   * @param scope the node, or a construct inside one
   * @throws PlumbError PLB_ENDPOINT_OUTSIDE_NODE, PLB_DUPLICATE_NAME, PLB_NAMESPACE,
   *   PLB_INVALID_PORT,   *   PLB_UNKNOWN_FIELD, PLB_NOT_PLAIN
   */
  constructor(scope: Construct, id: string, props: EndpointProps) {
    super(scope, id, props, KNOWN);
    const { path } = this.node;
    this.host = nodeAround(this);
    this.name = plain(props.name ?? this.node.id, path, 'name');
    const namespace = namespaceOf(this, props.namespace);
    this.labels = Object.freeze({
      ...labelsIn(namespace, plain(props.labels, path, 'labels'), path),
      ...portsOf(plain(props.ports ?? {}, path, 'ports'), path),
    });
    this.addresses = plain(
      props.address === undefined ? props.addresses : [props.address],
      path,
      'addresses',
    );
    this.audit = props.audit ?? false;
    this.netns = plain(props.netns ?? this.name, path, 'netns');
  }

  /** Its labels, all of them: endpoints that have them too are meant with it. */
  get selector(): SelectorSpec {
    // What it calls its ports is no part of what it is.
    const own = Object.entries(this.labels).filter(([key]) => !key.startsWith(PORT_SOURCE));
    if (own.length > 0) return { matchLabels: Object.fromEntries(own) };
    const { path } = this.node;
    throw new PlumbError('PLB_SUBJECT', `${path} has no labels, so that nothing selects it alone`, {
      origin: { path },
      hint: 'Give it labels; a Group with labels {} is every endpoint.',
    });
  }

  /** This endpoint as plain data. */
  toSpec(): EndpointSpec {
    const { origin, name, labels, addresses, netns, audit } = this;
    const node = this.host.name;
    return { origin, name, node, labels, addresses, netns, ...(audit && { audit }) };
  }
}

function nodeAround(endpoint: Endpoint): Node {
  const node = endpoint.node.scopes.findLast((scope) => scope instanceof Node);
  if (node !== undefined) return node;
  const { path } = endpoint.node;
  throw new PlumbError('PLB_ENDPOINT_OUTSIDE_NODE', `${path} is on no node`, {
    origin: { path },
    hint: 'Make it with a Node, or a construct inside one, as its scope.',
  });
}

/** @throws PlumbError PLB_INVALID_PORT for what is no port, or no name */
function portsOf(ports: Readonly<Record<string, PortSpec>>, path: string): Labels {
  const named: Record<string, NamedPort> = {};
  for (const [name, { port, endPort, protocol = 'TCP' }] of Object.entries(ports)) {
    const number = portNumber(port);
    if (number === undefined || endPort !== undefined || protocol === 'ANY' || !isPortName(name)) {
      throw new PlumbError('PLB_INVALID_PORT', `${path}: ports.${name} is no port with a name`, {
        origin: { path },
        hint: 'Write ports: { http: tcp(80) }, one number and one protocol; names have 15 small letters, digits and hyphens at most.',
      });
    }
    named[name] = { port: number, protocol };
  }
  return portLabels(named);
}
