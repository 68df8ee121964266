import { fqdnKey } from '../../model/fqdn.js';
import type { TLSListener } from '../../model/l7.js';
import type { FQDNSelectorSpec } from '../../model/program.js';
import type { RedirectMode } from '../../state/proxy-names.js';
import { tlsLogFormat } from './access.js';
import { backend, frontend } from './common.js';
import { UNLESS_FOLLOWED } from './followed.js';
import { whole } from './quote.js';

/** Lets connections through by the name that the client asks for; what it says is not decrypted. */
export function tlsListener(listener: TLSListener, mode: RedirectMode): string[] {
  const { id, rules } = listener;
  const choices = rules.map(
    ({ rule }, index) =>
      `  tcp-request content set-var(txn.rule) int(${String(index)}) if !{ var(txn.rule) -m found } { req.ssl_sni,lower -m reg -- ${whole(pattern(rule))} }`,
  );
  return [
    ...frontend(listener, 'tcp', mode),
    `  log-format ${tlsLogFormat(id)}`,
    '  tcp-request inspect-delay 5s',
    `  tcp-request content ${UNLESS_FOLLOWED}`,
    '  tcp-request content set-var(txn.sni) req.ssl_sni,lower if { req.ssl_hello_type 1 }',
    ...(rules.length === 0
      ? ['  tcp-request content set-var(txn.rule) int(-1) if { req.ssl_hello_type 1 }']
      : choices),
    '  tcp-request content accept if { req.ssl_hello_type 1 } { var(txn.rule) -m found }',
    '  tcp-request content reject',
    `  default_backend l${String(id)}`,
    ...backend(listener, 'tcp'),
  ];
}

/** The expression for the names of a selector; see matchesFQDN. */
function pattern(selector: FQDNSelectorSpec): string {
  const key = fqdnKey(selector);
  if (selector.matchName !== undefined) return literal(key);
  if (key === '*') return '.+';
  const spans = key.startsWith('**.');
  const labels = (spans ? key.slice(3) : key).split('.');
  const body = labels.map((label) => label.split('*').map(literal).join('[^.]*')).join('\\.');
  return `${spans ? '([^.]+\\.)+' : ''}${body}`;
}

function literal(text: string): string {
  return text.replace(/[^a-z0-9_-]/g, (character) => `\\${character}`);
}
