import type { HTTPListener, TLSListener } from '../../model/l7.js';
import { proxyWays, type RedirectMode } from '../../state/proxy-names.js';
import { socketVariables } from './threads.js';

type Listened = HTTPListener | TLSListener;

/** Environment variables that the configuration asks for: the devices that its server connections use. */
export function wayVariables(mode: RedirectMode): Record<string, string> {
  const { egress, ingress } = proxyWays(mode);
  return { [wayVariable('egress')]: egress.inside, [wayVariable('ingress')]: ingress.inside };
}

function wayVariable(direction: Listened['direction']): string {
  return `PLUMB_DEVICE_${direction.toUpperCase()}`;
}

export function frontend(
  { id }: Listened,
  protocol: 'http' | 'tcp',
  redirectMode: RedirectMode,
): string[] {
  const variables = socketVariables(id, redirectMode);
  const binds = variables.map((variable, i) => {
    const thread = variables.length > 1 ? ` thread ${String(i + 1)}` : '';
    return `  bind "fd@\${${variable}}"${thread}`;
  });
  return [`frontend l${String(id)}`, `  mode ${protocol}`, ...binds];
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
  return [
    `backend ${name}`,
    `  mode ${mode}`,
    `  source 0.0.0.0 usesrc clientip interface "\${${wayVariable(direction)}}"`,
    `  server s 0.0.0.0${options}`,
  ];
}
