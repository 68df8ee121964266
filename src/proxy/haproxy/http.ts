import type { HeaderMatchSpec, HTTPListener, HTTPRuleSpec } from '../../model/l7.js';
import type { RedirectMode } from '../../state/proxy-names.js';
import { httpLogFormat } from './access.js';
import { backend, frontend } from './common.js';
import { UNLESS_FOLLOWED } from './followed.js';
import { quote, whole } from './quote.js';
import { WELL_FORMED } from './well-formed.js';

const DENY_BODY = 'Access denied\n';
/** Number of a rule that lets through everything. */
export const ANYTHING = -1;

/** Frontend and backends of HTTP/1.1 and HTTP/2 without TLS. */
export function httpListener(listener: HTTPListener, mode: RedirectMode): string[] {
  const { id, rules, denyBody = DENY_BODY } = listener;
  const name = `l${String(id)}`;
  const parts = rules.map(({ rule }, index) => ruleLines(rule, index));
  return [
    ...frontend(listener, 'http', mode),
    // While another process takes over, no request meets a connection that is just being closed.
    '  option idle-close-on-response',
    `  log-format ${httpLogFormat(id)}`,
    `  http-request ${UNLESS_FOLLOWED}`,
    // As text: of methods that HAProxy does not know, variables keep another one.
    '  http-request set-var-fmt(txn.method) %[method]',
    '  http-request set-var(txn.path) path',
    '  http-request set-var(txn.host) req.fhdr(host),host_only,lower',
    ...WELL_FORMED,
    ...parts.flatMap(({ acls }) => acls),
    ...(rules.length === 0 ? [`  http-request set-var(txn.rule) int(${String(ANYTHING)})`] : []),
    ...parts.map(({ choice }) => choice),
    '  acl judged var(txn.rule) -m found',
    `  http-request return status 403 content-type "text/plain; charset=utf-8" string ${quote(denyBody)} if !judged || { method CONNECT }`,
    ...parts.flatMap(({ actions }) => actions),
    `  use_backend ${name}h2 if { fc_http_major 2 }`,
    `  default_backend ${name}`,
    ...backend(listener, 'http'),
    // A client of HTTP/2 means a server of HTTP/2, gRPC for example.
    ...backend(listener, 'http', `${name}h2`, ' proto h2'),
  ];
}

interface RuleLines {
  readonly acls: readonly string[];
  /** Takes the rule, if none before it was taken. */
  readonly choice: string;
  /** What is done to the headers of what it lets through. */
  readonly actions: readonly string[];
}

function ruleLines(rule: HTTPRuleSpec, index: number): RuleLines {
  const acls: string[] = [];
  const acl = (name: string, test: string): string => {
    const full = `r${String(index)}_${name}`;
    acls.push(`  acl ${full} ${test}`);
    return full;
  };
  const { method, path, host, headers = [], headerMatches = [] } = rule;
  const needed = [
    ...(method === undefined ? [] : [acl('method', `method -m reg -- ${whole(method)}`)]),
    ...(path === undefined ? [] : [acl('path', `path -m reg -- ${whole(path)}`)]),
    ...(host === undefined ? [] : [acl('host', `var(txn.host) -m reg -- ${whole(host)}`)]),
    ...headers.flatMap((header, i) => headerTests(`header${String(i)}`, splitHeader(header), acl)),
  ];
  const actions: string[] = [];
  headerMatches.forEach((match, i) => {
    const tests = headerTests(`match${String(i)}`, match, acl);
    if (match.mismatch === undefined) needed.push(...tests);
    else actions.push(...mismatch(match, tests, index));
  });
  const condition = ['if', '!{ var(txn.rule) -m found }', ...needed].join(' ');
  return {
    acls,
    choice: `  http-request set-var(txn.rule) int(${String(index)}) ${condition}`,
    actions,
  };
}

function splitHeader(header: string): HeaderMatchSpec {
  const at = header.indexOf(':');
  return at < 0
    ? { name: header.trim() }
    : { name: header.slice(0, at).trim(), value: header.slice(at + 1).trim() };
}

/** ACLs that hold together where the header is there; with a value: once, and with no other. */
function headerTests(
  name: string,
  { name: header, value }: HeaderMatchSpec,
  acl: (name: string, test: string) => string,
): string[] {
  const fetch = `req.fhdr(${header})`;
  if (value === undefined) return [acl(name, `${fetch} -m found`)];
  return [
    acl(name, `${fetch} -m str -- ${quote(value)}`),
    acl(`${name}_once`, `req.fhdr_cnt(${header}) eq 1`),
  ];
}

function mismatch(
  { name, value = '', mismatch }: HeaderMatchSpec,
  tests: readonly string[],
  rule: number,
): string[] {
  const when = `if ${tests.map((acl) => `{ var(txn.rule) -m int ${String(rule)} } !${acl}`).join(' || ')}`;
  const format = quote(value.replaceAll('%', '%%'));
  const lines = {
    LOG: [],
    ADD: [`  http-request add-header ${name} ${format} ${when}`],
    DELETE: [`  http-request del-header ${name} ${when}`],
    REPLACE: [`  http-request set-header ${name} ${format} ${when}`],
  }[mismatch ?? 'LOG'];
  return [`  http-request set-var(txn.mismatch) str(${quote(name)}) ${when}`, ...lines];
}
