import { RE2JS } from 're2js';
import { fqdnProblem } from '../model/fqdn.js';
import type { HeaderMatchSpec, HTTPRuleSpec, L7RulesSpec } from '../model/l7.js';
import type { PolicySpec, PortRuleSpec, RuleSpec } from '../model/program.js';
import type { PluginRule } from '../plugins/plugin.js';
import { pluginNames, pluginOf } from '../plugins/registry.js';
import type { Report } from './report.js';

type List = 'ingress' | 'ingressDeny' | 'egress' | 'egressDeny';

/** What is wrong with rules of layer 7. */
export function checkL7(policy: PolicySpec, rule: RuleSpec, list: List, report: Report): void {
  for (const group of rule.toPorts ?? []) {
    if (group.rules === undefined && group.serverNames === undefined) continue;
    checkPlace(policy, list, report);
    checkGroup(group, list, report);
  }
}

function checkPlace({ tier, nodeSelector }: PolicySpec, list: List, report: Report): void {
  const refuse = (where: string): void => {
    report(
      'PLB_L7_PLACE',
      `rules of layer 7 cannot be ${where}`,
      'Put them into an ingress or egress rule of a policy with an endpointSelector and no tier.',
    );
  };
  if (list.endsWith('Deny')) refuse('denials');
  if (tier !== undefined) refuse('in a tier');
  if (nodeSelector !== undefined) refuse('about nodes');
}

function checkGroup({ ports, rules, serverNames }: PortRuleSpec, list: List, report: Report): void {
  const said = protocolsOf(rules, serverNames);
  const [protocol] = said;
  if (protocol === undefined || said.length > 1) {
    const what = said.length === 0 ? 'no protocol' : `${said.join(' and ')} for one port`;
    report('PLB_L7_PROTOCOLS', `rules of layer 7 name ${what}`, 'Name one protocol.');
    return;
  }
  if (protocol === 'dns' && list !== 'egress') {
    report('PLB_L7_PLACE', 'names are asked for in egress alone', 'Move the dns rules to egress.');
  }
  const spoken = protocol === 'dns' ? ['TCP', 'UDP', 'ANY'] : ['TCP', 'ANY'];
  for (const { port, protocol: transport = 'ANY' } of ports) {
    if (spoken.includes(transport)) continue;
    report(
      'PLB_L7_PLACE',
      `${protocol} is not spoken on ${String(port)}/${transport}`,
      `Let the port be of ${spoken.slice(0, -1).join(' or ')}.`,
    );
  }
  for (const one of rules?.http ?? []) checkHttp(one, report);
  if (rules?.l7proto !== undefined) checkPlugin(rules.l7proto, rules.l7 ?? [], report);
  const names = (serverNames ?? []).map((name) =>
    name.includes('*') ? { matchPattern: name } : { matchName: name },
  );
  for (const name of [...(rules?.dns ?? []), ...names]) {
    const problem = fqdnProblem(name);
    if (problem !== undefined) {
      report('PLB_INVALID_NAME', problem, 'Names are letters, digits, - and _ between dots.');
    }
  }
  if (rules?.denyBody !== undefined && protocol !== 'http') {
    report('PLB_L7_PLACE', `${protocol} has no body to deny with`, 'Leave denyBody out.');
  }
}

function checkPlugin(name: string, rules: readonly PluginRule[], report: Report): void {
  const plugin = pluginOf(name);
  if (plugin === undefined) {
    const known = `There is ${pluginNames().join(', ')}; docs/plugins.md tells how to make one.`;
    report('PLB_L7_PLUGIN', `there is no protocol plug-in ${JSON.stringify(name)}`, known);
    return;
  }
  for (const rule of rules) {
    const problem = plugin.ruleProblem(rule);
    if (problem !== undefined) {
      report('PLB_L7_PLUGIN', problem, 'See docs/plugins.md for what rules can say.');
    }
  }
}

function protocolsOf(rules: L7RulesSpec = {}, serverNames: PortRuleSpec['serverNames']): string[] {
  const { http, dns, l7proto, l7 } = rules;
  return [
    ...(http === undefined ? [] : ['http']),
    ...(dns === undefined ? [] : ['dns']),
    ...(l7proto === undefined && l7 === undefined ? [] : [l7proto ?? 'a plug-in without a name']),
    ...(serverNames === undefined ? [] : ['TLS']),
  ];
}

function checkHttp(rule: HTTPRuleSpec, report: Report): void {
  for (const field of ['method', 'path', 'host'] as const) {
    const expression = rule[field];
    if (expression === undefined) continue;
    const problem = expressionProblem(expression);
    if (problem === undefined) continue;
    report(
      'PLB_EXPRESSION',
      `${field} ${JSON.stringify(expression)}: ${problem}`,
      'Expressions are those of RE2, which take linear time: no look-around, no references back.',
    );
  }
  for (const header of rule.headers ?? []) checkHeader({ name: nameOf(header) }, report);
  for (const match of rule.headerMatches ?? []) checkHeader(match, report);
}

/** Why an expression cannot be matched; undefined when it can. */
function expressionProblem(expression: string): string | undefined {
  // HAProxy and what reads its configuration end a line, and a text, at these.
  if (/[\0\r\n]/.test(expression)) return 'it has a line break';
  try {
    RE2JS.compile(expression);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function checkHeader({ name, value, mismatch }: HeaderMatchSpec, report: Report): void {
  if (!TOKEN.test(name)) {
    report('PLB_HEADER', `${JSON.stringify(name)} is no name of a header`, 'See RFC 9110, 5.1.');
  }
  if (value !== undefined && /[\0\r\n]/.test(value)) {
    report('PLB_HEADER', `the value of ${name} has a line break`, 'Values are one line.');
  }
  if ((mismatch === 'ADD' || mismatch === 'REPLACE') && value === undefined) {
    report('PLB_HEADER', `${mismatch} of ${name} has no value`, 'Say the value.');
  }
}

/** `Name: value` or `Name`. */
function nameOf(header: string): string {
  return header.split(':', 1)[0]?.trim() ?? '';
}
