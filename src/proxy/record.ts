import type { DNSRecord } from './dns/record.js';
import type { Path } from './dns/sockets.js';
import type { AccessRecord } from './haproxy/access.js';
import type { Judged } from './plugins/session.js';

/** What became of one request that a proxy looked at, whatever its protocol. */
export interface RequestRecord {
  readonly type: 'request';
  /** Milliseconds since 1970. */
  readonly time: number;
  /** `http`, `tls`, `dns`, or the name of a plug-in. */
  readonly protocol: string;
  readonly transport: 'TCP' | 'UDP';
  /** Id of the listener. */
  readonly listener: number;
  readonly client: string;
  readonly clientPort: number;
  readonly server: string;
  readonly serverPort: number;
  readonly verdict: 'allowed' | 'denied';
  /** Position in the listener's rules of the one that let it through; none where there are no rules. */
  readonly rule?: number;
  /** In a few words: `PUT /v1/exhaust-port of star.test`, `base.rebels.test A`. */
  readonly request: string;
  /** What the client got: a status of HTTP, a code of the DNS. */
  readonly answer?: string;
  /** What else is to be told. */
  readonly note?: string;
}

export function recordOfAccess(access: AccessRecord): RequestRecord {
  const { type, time, listener, client, clientPort, server, serverPort, verdict, rule } = access;
  const { method = '?', path = '', host = '', sni = 'no name', status, mismatch } = access;
  const ends = { client, clientPort, server, serverPort };
  return {
    type: 'request',
    ...{ time, protocol: type, transport: 'TCP', listener, ...ends, verdict },
    ...(rule === undefined || rule < 0 ? {} : { rule }),
    request: type === 'tls' ? sni : `${method} ${path}${isName(host) ? ` of ${host}` : ''}`,
    ...(status === undefined ? {} : { answer: String(status) }),
    ...(mismatch === undefined ? {} : { note: `header ${mismatch} differs` }),
  };
}

/** A host that is an address says nothing that is not said by the server's. */
function isName(host: string): boolean {
  return host !== '' && !/^[\d.]+$|^\[/.test(host);
}

/** What a plug-in judged now. */
export function recordOfPlugin(
  { allowed, rule, request }: Judged,
  of: { readonly protocol: string; readonly listener: number; readonly path: Path },
): RequestRecord {
  const { protocol, listener, path } = of;
  return {
    type: 'request',
    ...{ time: Date.now(), protocol, transport: 'TCP', listener },
    ...{ client: path.source, clientPort: path.sourcePort },
    ...{ server: path.destination, serverPort: path.destinationPort },
    verdict: allowed ? 'allowed' : 'denied',
    ...(rule === undefined ? {} : { rule }),
    request,
  };
}

export function recordOfDNS(record: DNSRecord, time: number): RequestRecord {
  const { listener, transport, name = '?', type = '', verdict, rule, rcode, problem } = record;
  return {
    type: 'request',
    ...{ time, protocol: 'dns', transport: transport === 'udp' ? 'UDP' : 'TCP', listener },
    ...{ client: record.source, clientPort: record.sourcePort },
    ...{ server: record.destination, serverPort: record.destinationPort },
    verdict: verdict === 'allowed' ? 'allowed' : 'denied',
    ...(rule === undefined ? {} : { rule }),
    request: `${name} ${type}`.trim(),
    ...(rcode === undefined ? {} : { answer: rcode }),
    ...(problem === undefined ? {} : { note: problem }),
  };
}
