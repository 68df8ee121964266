import { RE2JS } from 're2js';
import { matchesFQDN } from '../model/fqdn.js';
import type { HeaderMatchSpec, HTTPRuleSpec, Listener, PluginListener } from '../model/l7.js';
import { judge } from '../plugins/plugin.js';
import { pluginOf } from '../plugins/registry.js';

/** What a client asks for, by the protocol that it speaks. */
export interface L7Request {
  readonly http?: HTTPRequest;
  /** Name that the DNS is asked for. */
  readonly dns?: string;
  /** Name that a client of TLS gives. */
  readonly sni?: string;
  /** In the words of the plug-in that filters it. */
  readonly l7?: string;
}

export interface HTTPRequest {
  readonly method: string;
  /** With or without a query. */
  readonly path: string;
  readonly host?: string;
  /** Names in any case. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

export interface L7Verdict {
  readonly allowed: boolean;
  /** Position of the first rule that lets it through; none where the listener has no rules. */
  readonly rule?: number;
}

/**
 * What a listener says of a request; undefined where nothing is asked of its protocol. The proxies judge
 * the same (src/proxy).
 */
export function judgeRequest(listener: Listener, request: L7Request): L7Verdict | undefined {
  const { protocol } = listener;
  switch (protocol) {
    case 'http': {
      const { http } = request;
      if (http === undefined) return undefined;
      const path = normalPath(http.path);
      if (path === undefined || http.method === 'CONNECT') return { allowed: false };
      return first(listener.rules, (rule) => matchesHttp(rule, { ...http, path }));
    }
    case 'dns':
    case 'tls': {
      const name = protocol === 'dns' ? request.dns : request.sni;
      return name === undefined
        ? undefined
        : first(listener.rules, (rule) => matchesFQDN(rule, name));
    }
    case 'plugin':
      return judgeByPlugin(listener, request.l7);
  }
}

/** Undefined too for what is no request of the plug-in. */
function judgeByPlugin(
  { plugin: name, rules }: PluginListener,
  text: string | undefined,
): L7Verdict | undefined {
  const plugin = pluginOf(name);
  const request = text === undefined ? undefined : plugin?.parse(text);
  if (plugin === undefined || request === undefined) return undefined;
  const rule = judge(
    plugin,
    rules.map((one) => one.rule),
    request,
  );
  return { allowed: rule !== undefined, ...(rule === undefined || rule < 0 ? {} : { rule }) };
}

function first<R>(
  rules: readonly { readonly rule: R }[],
  matches: (rule: R) => boolean,
): L7Verdict {
  if (rules.length === 0) return { allowed: true };
  const rule = rules.findIndex((one) => matches(one.rule));
  return rule < 0 ? { allowed: false } : { allowed: true, rule };
}

function matchesHttp(rule: HTTPRuleSpec, request: HTTPRequest): boolean {
  const { method, path, host, headers = [], headerMatches = [] } = rule;
  return (
    matchesWhole(method, request.method) &&
    matchesWhole(path, request.path) &&
    matchesWhole(host, hostOf(request)) &&
    headers.every((header) => hasHeader(request, splitHeader(header))) &&
    headerMatches.every((match) => match.mismatch !== undefined || hasHeader(request, match))
  );
}

function matchesWhole(expression: string | undefined, text: string): boolean {
  return expression === undefined || RE2JS.compile(expression).matches(text);
}

/** In small letters, without a port. */
function hostOf({ host, headers = [] }: HTTPRequest): string {
  const named = host ?? headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? '';
  return named.toLowerCase().replace(/:\d+$/, '');
}

function hasHeader({ headers = [] }: HTTPRequest, { name, value }: HeaderMatchSpec): boolean {
  const values = headers.filter(([given]) => given.toLowerCase() === name.toLowerCase());
  return value === undefined ? values.length > 0 : values.length === 1 && values[0]?.[1] === value;
}

/** `Name: value` or `Name`. */
export function splitHeader(header: string): HeaderMatchSpec {
  const at = header.indexOf(':');
  return at < 0
    ? { name: header.trim() }
    : { name: header.slice(0, at).trim(), value: header.slice(at + 1).trim() };
}

const UNRESERVED = /[A-Za-z0-9._~-]/;

/**
 * The path that rules judge and servers get (RFC 3986, 6.2.2), without the query; undefined for one that
 * is refused, because some servers take it for another.
 */
export function normalPath(target: string): string | undefined {
  const path = target.replace(/\?.*$/s, '');
  if (!path.startsWith('/') && path !== '*') return undefined;
  if (/[^!-~]|[#\\]/.test(target)) return undefined;
  if (/%(00|2f|5c|23|c[01]|e0%[89]|f0%8)/i.test(path)) return undefined;
  if (/%(?![0-9a-f]{2})/i.test(path)) return undefined;
  const decoded = path.replace(/%[0-9a-f]{2}/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return UNRESERVED.test(character) ? character : code.toUpperCase();
  });
  if (/\/\.\.?(;|%3B)/.test(decoded)) return undefined;
  const parts: string[] = [];
  const merged = decoded
    .replace(/\/{2,}/g, '/')
    .split('/')
    .slice(1);
  merged.forEach((part, i) => {
    const isLast = i === merged.length - 1;
    if (part === '..') parts.pop();
    if (part !== '..' && part !== '.') parts.push(part);
    else if (isLast) parts.push('');
  });
  return path === '*' ? path : `/${parts.join('/')}`;
}
