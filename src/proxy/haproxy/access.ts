/** What became of a request, or of a connection by its name in TLS. */
export interface AccessRecord {
  readonly type: 'http' | 'tls';
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly listener: number;
  readonly client: string;
  readonly clientPort: number;
  readonly server: string;
  readonly serverPort: number;
  readonly verdict: 'allowed' | 'denied';
  /** Index of the rule that let it through; -1: there are none, so that all is. */
  readonly rule?: number;
  /** Header that was not as a rule with an action on mismatch has it. */
  readonly mismatch?: string;
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  /** Name that a client of TLS asked for. */
  readonly sni?: string;
  readonly status?: number;
}

const COMMON = (id: number): string =>
  `"listener":${String(id)},"time":%Ts%ms,"client":"%ci","clientPort":%cp,"server":"%fi","serverPort":%fp`;
const TEXT = (name: string, variable: string): string =>
  `"${name}":"%[var(txn.${variable}),json(utf8s)]"`;

/** One line of JSON for each request; `log-format` in single quotes. */
export function httpLogFormat(id: number): string {
  const texts = ['method', 'path', 'host', 'rule', 'mismatch'].map((name) => TEXT(name, name));
  return `'{"type":"http",${COMMON(id)},"status":%ST,${texts.join(',')}}'`;
}

export function tlsLogFormat(id: number): string {
  return `'{"type":"tls",${COMMON(id)},${TEXT('sni', 'sni')},${TEXT('rule', 'rule')}}'`;
}

interface Line {
  readonly type?: unknown;
  readonly time?: unknown;
  readonly listener?: unknown;
  readonly client?: unknown;
  readonly clientPort?: unknown;
  readonly server?: unknown;
  readonly serverPort?: unknown;
  readonly status?: unknown;
  readonly method?: unknown;
  readonly path?: unknown;
  readonly host?: unknown;
  readonly sni?: unknown;
  readonly rule?: unknown;
  readonly mismatch?: unknown;
}

/** A line of the access log; undefined for anything else that HAProxy says. */
export function parseAccessLine(line: string): AccessRecord | undefined {
  let said: Line;
  try {
    said = (JSON.parse(line) as Line | null) ?? {};
  } catch {
    return undefined;
  }
  const { type } = said;
  if (type !== 'http' && type !== 'tls') return undefined;
  const text = (name: 'method' | 'path' | 'host' | 'sni' | 'mismatch') => {
    const value = said[name];
    return isSaid(value) ? { [name]: value } : {};
  };
  const rule = isSaid(said.rule) ? Number(said.rule) : undefined;
  return {
    type,
    time: Number(said.time),
    listener: Number(said.listener),
    client: plain(said.client),
    clientPort: Number(said.clientPort),
    server: plain(said.server),
    serverPort: Number(said.serverPort),
    verdict: rule === undefined ? 'denied' : 'allowed',
    ...(rule === undefined ? {} : { rule }),
    ...text('mismatch'),
    ...text('method'),
    ...text('path'),
    ...text('host'),
    ...text('sni'),
    ...(type === 'http' && Number(said.status) > 0 ? { status: Number(said.status) } : {}),
  };
}

/** What was never set is a dash in HAProxy's logs. */
function isSaid(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value !== '-';
}

function plain(address: unknown): string {
  return typeof address === 'string' ? address.replace(/^::ffff:/, '') : '';
}
