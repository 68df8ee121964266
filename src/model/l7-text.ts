import type { HTTPRuleSpec, Listener } from './l7.js';
import type { FQDNSelectorSpec } from './program.js';

/** A rule of layer 7 in few words: `POST /v1/request-landing`, `*.rebels.test`. */
export function ruleText(protocol: Listener['protocol'], rule: unknown): string {
  if (protocol === 'http') return httpText(rule as HTTPRuleSpec);
  if (protocol === 'plugin') {
    const fields = Object.entries(rule as Readonly<Record<string, string>>);
    return fields.map(([name, value]) => `${name}=${value}`).join(' ');
  }
  const { matchName, matchPattern = '' } = rule as FQDNSelectorSpec;
  return matchName ?? matchPattern;
}

function httpText({ method, path, host, headers = [], headerMatches = [] }: HTTPRuleSpec): string {
  const what = [
    method ?? (path === undefined && host === undefined ? 'any request' : ''),
    `${host ?? ''}${path ?? ''}`,
    ...headers.map((header) => `with ${header}`),
    ...headerMatches
      .filter(({ mismatch }) => mismatch === undefined)
      .map(({ name, value }) => `with ${name}${value === undefined ? '' : `: ${value}`}`),
  ];
  return what.filter((text) => text !== '').join(' ');
}

const SHOWN = 4;

/** What a listener lets through: `http POST /v1/request-landing, GET /v1/.*`. */
export function listenerText(listener: Listener): string {
  const { protocol } = listener;
  const rules = listener.rules.map(({ rule }) => rule);
  return rulesText(listener.protocol === 'plugin' ? listener.plugin : protocol, protocol, rules);
}

/** @param name of the protocol, or of its plug-in */
export function rulesText(
  name: string,
  protocol: Listener['protocol'],
  rules: readonly unknown[],
): string {
  if (rules.length === 0) return `any ${name}`;
  const texts = rules.map((rule) => ruleText(protocol, rule));
  const more = texts.length - SHOWN;
  return `${name} ${texts.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}
