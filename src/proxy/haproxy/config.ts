import type { HTTPListener, TLSListener } from '../../model/l7.js';
import type { RedirectMode } from '../../state/proxy-names.js';
import { FOLLOWED } from './followed.js';
import { httpListener } from './http.js';
import { cpuMap, THREADS } from './threads.js';
import { tlsListener } from './tls.js';

const GLOBAL = [
  'global',
  `  set-var ${FOLLOWED} "bool(\${PLUMB_FOLLOWED})"`,
  // As long as a request may be: half a line of JSON is none.
  '  log stdout len 65535 format raw local0',
  '  stats socket "${PLUMB_HAPROXY_SOCKET}" mode 600 level admin',
  `  nbthread ${String(THREADS)}`,
  '  tune.bufsize 32768',
  // normalize-uri: see well-formed.ts
  '  expose-experimental-directives',
];
const DEFAULTS = [
  'defaults',
  '  log global',
  // A connection that asked for nothing is no request.
  '  option dontlognull',
  '  timeout connect 5s',
  '  timeout client 1h',
  '  timeout server 1h',
  '  timeout client-fin 30s',
  '  timeout server-fin 30s',
  '  timeout tunnel 1h',
  '  timeout http-request 10s',
  '  timeout http-keep-alive 1h',
  '  retries 0',
  // Each server connection has its client's address: it is never another client's.
  '  http-reuse never',
  '  option http-restrict-req-hdr-names reject',
];

/**
 * The configuration of HAProxy (2.6 or newer) for listeners of HTTP and TLS. Each has a frontend `l<ID>`,
 * whose sockets are the file descriptors in the environment variables `PLUMB_FD_<ID>` and, in mode
 * `socket`, `PLUMB_FD_<ID>_2`, for its second thread; the CPUs of both are in `cpuVariables`. The path of its own socket is in `PLUMB_HAPROXY_SOCKET`, the devices to the servers in those of `wayVariables`, whether somebody
 * follows the access log (`true` or `false`) in `PLUMB_FOLLOWED`. Deterministic.
 */
export function haproxyConfig(
  listeners: readonly (HTTPListener | TLSListener)[],
  mode: RedirectMode,
): string {
  const sorted = [...listeners].sort((a, b) => a.id - b.id);
  const parts = sorted.flatMap((listener) =>
    listener.protocol === 'http' ? httpListener(listener, mode) : tlsListener(listener, mode),
  );
  return `${[...GLOBAL, ...cpuMap(mode), ...DEFAULTS, ...parts].join('\n')}\n`;
}
