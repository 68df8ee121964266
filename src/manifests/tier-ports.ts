import { LAST_PORT } from '../model/port.js';
import type { PortSpec } from '../model/program.js';
import { integer, list, object, oneOf, optional, required, text, type Reader } from './reader.js';

type Transport = 'TCP' | 'UDP' | 'SCTP';
const transport = oneOf<Transport>('TCP', 'UDP', 'SCTP');

/** Reads one member of a union, each of which becomes a port. */
function choice(what: string, read: Reader<object>): Reader<PortSpec> {
  return (at) => {
    const values = Object.values(read(at)) as (PortSpec | undefined)[];
    const [only, ...more] = values.filter((value) => value !== undefined);
    if (only !== undefined && more.length === 0) return only;
    return at.refuse(
      'PLB_MANIFEST_VALUE',
      `is not exactly one ${what}`,
      'Write one entry for each.',
    );
  };
}

const portNumber: Reader<PortSpec> = (at) => {
  const value = object<{ protocol?: Transport | undefined; port: number }>('port', {
    protocol: optional(transport),
    port: required(integer),
  })(at);
  return { port: value.port, protocol: value.protocol ?? 'TCP' };
};

const portRange: Reader<PortSpec> = (at) => {
  const value = object<{ protocol?: Transport | undefined; start: number; end: number }>('range', {
    protocol: optional(transport),
    start: required(integer),
    end: required(integer),
  })(at);
  return { port: value.start, endPort: value.end, protocol: value.protocol ?? 'TCP' };
};

/** A name means any protocol: that of the port that has it. */
const namedPort: Reader<PortSpec> = (at) => ({ port: text(at), protocol: 'ANY' });

/** `ports` of AdminNetworkPolicy and of the first versions of ClusterNetworkPolicy. */
export const ports = list(
  choice(
    'port',
    object('port', {
      portNumber: optional(portNumber),
      portRange: optional(portRange),
      namedPort: optional(namedPort),
    }),
  ),
);

interface Destination {
  readonly number?: number | undefined;
  readonly range?: { readonly start: number; readonly end: number } | undefined;
}

function protocolReader(protocol: Transport): Reader<PortSpec> {
  const read = object<{ readonly destinationPort?: Destination | undefined }>('protocol', {
    destinationPort: optional(
      object<Destination>('port', {
        number: optional(integer),
        range: optional(
          object<NonNullable<Destination['range']>>('range', {
            start: required(integer),
            end: required(integer),
          }),
        ),
      }),
    ),
  });
  return (at) => {
    const { destinationPort } = read(at);
    if (destinationPort === undefined) return { port: 1, endPort: LAST_PORT, protocol };
    const { number, range } = destinationPort;
    if (number !== undefined && range === undefined) return { port: number, protocol };
    if (range !== undefined && number === undefined) {
      return { port: range.start, endPort: range.end, protocol };
    }
    return at.refuse('PLB_MANIFEST_VALUE', 'needs one of number and range', 'Write one of them.');
  };
}

/** `protocols` of ClusterNetworkPolicy v1alpha2. */
export const protocols = list(
  choice(
    'protocol',
    object('protocol', {
      tcp: optional(protocolReader('TCP')),
      udp: optional(protocolReader('UDP')),
      sctp: optional(protocolReader('SCTP')),
      destinationNamedPort: optional(namedPort),
    }),
  ),
);
