import type { HTTPListener, TLSListener } from '../../model/l7.js';
import { PROXY_WAYS } from '../../state/proxy-names.js';

type Listened = HTTPListener | TLSListener;

export function frontend({ id }: Listened, mode: 'http' | 'tcp'): string[] {
  const name = `l${String(id)}`;
  return [`frontend ${name}`, `  mode ${mode}`, `  bind "fd@\${PLUMB_FD_${String(id)}}"`];
}

/**
 * The server that the client wanted, at the address and port that it asked for, seen as the client. What
 * an egress policy lets out leaves by the egress way, to be judged by ingress policies there.
 */
export function backend(
  { id, direction }: Listened,
  mode: 'http' | 'tcp',
  name = `l${String(id)}`,
  options = '',
): string[] {
  const device = PROXY_WAYS[direction].inside;
  return [
    `backend ${name}`,
    `  mode ${mode}`,
    `  source 0.0.0.0 usesrc clientip interface ${device}`,
    `  server s 0.0.0.0${options}`,
  ];
}
