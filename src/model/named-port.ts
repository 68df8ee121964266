import { portNumber } from './port.js';
import type { Labels, PortSpec } from './program.js';

/** What keys of labels begin with that say which ports an endpoint names: `port:http` is `80/TCP`. */
export const PORT_SOURCE = 'port:';

/** A port that an endpoint names. */
export interface NamedPort {
  /** 1-65535. */
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

/** RFC 6335, section 5.1: up to 15 small letters, digits and single hyphens inside, one letter at least. */
const NAME = /^(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/;

export function isPortName(text: string): boolean {
  return NAME.test(text);
}

/** Endpoints with other ports are other peers, so that their ports are part of their labels. */
export function portLabels(ports: Readonly<Record<string, NamedPort>>): Labels {
  return Object.fromEntries(
    Object.entries(ports).map(([name, { port, protocol }]) => [
      PORT_SOURCE + name,
      `${String(port)}/${protocol}`,
    ]),
  );
}

/** What the value of a port's label says; undefined when it is none. */
export function namedPort(value: string): NamedPort | undefined {
  const [number = '', protocol = ''] = value.split('/');
  const port = portNumber(number);
  const isKnown = protocol === 'TCP' || protocol === 'UDP' || protocol === 'SCTP';
  return port === undefined || !isKnown || value !== `${String(port)}/${protocol}`
    ? undefined
    : { port, protocol };
}

/** The name that a rule's port is given by; undefined for a number. */
export function portName({ port }: PortSpec): string | undefined {
  return typeof port === 'string' && isPortName(port) ? port : undefined;
}
