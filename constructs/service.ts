import type { Construct } from 'constructs';
import type { SelectorSpec } from '../src/model/program.js';
import type { BackendSpec, ServiceSpec } from '../src/model/service.js';
import { PlumbConstruct } from './base.js';
import { Endpoint } from './endpoint.js';
import { BackEnds } from './peers.js';
import { plain } from './plain.js';

/** One port of a {@link Service}. */
export interface ServicePort {
  /** For readers. @default none */
  readonly name?: string;
  /** 1-65535. */
  readonly port: number;
  /** Where back-ends listen, 1-65535. SCTP cannot change it. @default port */
  readonly targetPort?: number;
  /** @default 'TCP' */
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
}

/** A back-end that is named, not selected. */
export type Backend = Weighted &
  (
    | { readonly endpoint: Endpoint; readonly address?: never }
    | { readonly address: string; readonly endpoint?: never }
  );

interface Weighted {
  /**
   * Share of new connections, 0-100. 0 drains the back-end: what is open goes on, nothing new comes.
   * @default 1
   */
  readonly weight?: number;
}

/** What a {@link Service} is made from. */
export interface ServiceProps {
  /** The virtual address, or one of each family; outside every node's ranges. */
  readonly addresses: readonly string[];

  /** At least one. */
  readonly ports: readonly ServicePort[];

  /**
   * Endpoints of any node that are back-ends.
   * @default none
   */
  readonly selector?: SelectorSpec;

  /**
   * Back-ends by name or address; for one that the selector selects too, its weight.
   * @default none
   */
  readonly backends?: readonly Backend[];

  /**
   * `random` draws a back-end for each connection; `maglev` takes the same one for the same connection
   * on every node.
   * @default 'random'
   */
  readonly algorithm?: 'random' | 'maglev';

  /**
   * Seconds for which a client stays with its back-end.
   * @default 0, no affinity
   */
  readonly affinity?: number;

  /**
   * A DNS label, unique in the program.
   * @default the id
   */
  readonly name?: string;
}

const KNOWN: readonly (keyof ServiceProps)[] = [
  'addresses',
  'ports',
  'selector',
  'backends',
  'algorithm',
  'affinity',
  'name',
];

/**
 * A virtual address that stands for back-ends, on every node of the program. Policy is about the
 * back-ends: a rule for their port and labels allows or denies what goes through the service.
 */
export class Service extends PlumbConstruct {
  /** Unique in the program. */
  readonly name: string;
  private readonly spec: ServiceSpec;

  /** @throws PlumbError PLB_DUPLICATE_NAME, PLB_UNKNOWN_FIELD, PLB_NOT_PLAIN */
  constructor(scope: Construct, id: string, props: ServiceProps) {
    super(scope, id, props, KNOWN);
    const { path } = this.node;
    this.name = plain(props.name ?? this.node.id, path, 'name');
    const { backends = [], selector, algorithm = 'random', affinity = 0 } = props;
    this.spec = {
      origin: this.origin,
      name: this.name,
      addresses: plain(props.addresses, path, 'addresses'),
      ports: plain(props.ports, path, 'ports').map(({ port, targetPort = port, ...rest }) => {
        return { protocol: 'TCP', ...rest, port, targetPort };
      }),
      ...(selector && { selector: plain(selector, path, 'selector') }),
      backends: backends.flatMap((backend, i) => addressesOf(backend, path, `backends[${i}]`)),
      algorithm,
      affinity: plain(affinity, path, 'affinity'),
    };
  }

  /** Its back-ends at their ports, as {@link Subject} talks of them. */
  get asPeer(): BackEnds {
    const ports = this.spec.ports.map(({ targetPort, protocol }) => ({
      port: targetPort,
      protocol,
    }));
    return new BackEnds(this.node.id, { services: [this.name] }, ports);
  }

  /** This service as plain data. */
  toSpec(): ServiceSpec {
    return this.spec;
  }
}

function addressesOf(backend: Backend, path: string, name: string): BackendSpec[] {
  const { endpoint, address, weight = 1 } = backend;
  const addresses = endpoint instanceof Endpoint ? endpoint.addresses : [address];
  return addresses.map((one) => plain({ address: one ?? '', weight }, path, name));
}
