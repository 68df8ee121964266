import { ICMP_TYPES, icmpType } from '../model/icmp.js';
import { portName } from '../model/named-port.js';
import { portNumber } from '../model/port.js';
import type { ICMPFieldSpec, PortSpec, RuleSpec } from '../model/program.js';
import { meaningsOf, type PortNames } from './named-ports.js';
import { nearest } from './nearest.js';
import type { Report } from './report.js';

/** What is wrong with the traffic that a rule is about. */
export function checkPorts(rule: RuleSpec, names: PortNames, report: Report): void {
  const { toPorts, icmps } = rule;
  if (toPorts !== undefined && icmps !== undefined) {
    report('PLB_PORTS_AND_ICMP', 'one rule has toPorts and icmps', 'Write one rule for each.');
  }
  const ports = (toPorts ?? []).map((group) => group.ports);
  if (toPorts?.length === 0 || ports.some((group) => group.length === 0)) {
    report('PLB_INVALID_PORT', 'toPorts has no port', 'Name a port, or leave toPorts out.');
  }
  if (icmps?.length === 0 || icmps?.some(({ fields }) => fields.length === 0) === true) {
    report('PLB_INVALID_ICMP', 'icmps has no type', 'Name a type, or leave icmps out.');
  }
  for (const port of ports.flat()) {
    if (portName(port) === undefined) checkNumber(port, report);
    else checkName(port, names, report);
  }
  for (const field of (icmps ?? []).flatMap((group) => group.fields)) checkIcmp(field, report);
}

function checkNumber({ port, endPort }: PortSpec, report: Report): void {
  const from = portNumber(port);
  if (from === undefined) {
    const hint = 'Ports are numbers from 1 to 65535, or names that endpoints have for them.';
    report('PLB_INVALID_PORT', `${String(port)} is no port`, hint);
  } else if (endPort !== undefined && (portNumber(endPort) ?? 0) < from) {
    report(
      'PLB_INVALID_PORT',
      `the range ${String(port)}-${String(endPort)} has no port`,
      'endPort is the last port of the range, at most 65535.',
    );
  }
}

/** A name that nobody has would silently be about no traffic. */
function checkName(port: PortSpec, names: PortNames, report: Report): void {
  const name = String(port.port);
  if (port.endPort !== undefined) {
    const hint = 'Write the first port as a number, or leave endPort out.';
    report('PLB_INVALID_PORT', `the range from ${name} has no first number`, hint);
  }
  if (meaningsOf(port, names).length > 0) return;
  const guess = nearest(name, names.keys());
  const { protocol = 'ANY' } = port;
  const hint =
    guess === undefined || guess === name
      ? `Give it to an endpoint: ports: { ${name}: { port: 80${protocol === 'ANY' ? '' : `, protocol: '${protocol}'`} } }.`
      : `Did you mean ${guess}?`;
  const what = protocol === 'ANY' ? name : `${name} of ${protocol}`;
  report('PLB_UNKNOWN_PORT', `no endpoint has a port called ${what}`, hint);
}

function checkIcmp({ type, family = 'IPv4' }: ICMPFieldSpec, report: Report): void {
  if (icmpType(type, family) !== undefined) return;
  const guess = nearest(String(type), Object.keys(ICMP_TYPES[family]));
  const hint = guess === undefined ? 'Types are 0 to 255.' : `Did you mean ${guess}?`;
  report('PLB_INVALID_ICMP', `${String(type)} is no ICMP type of ${family}`, hint);
}
