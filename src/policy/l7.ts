import { canonicalName } from '../model/fqdn.js';
import type { HTTPRuleSpec, Listener, ListenerRule } from '../model/l7.js';
import { PROTOCOLS, LAST_PORT, type PortRange } from '../model/port.js';
import type { FQDNSelectorSpec, PortRuleSpec } from '../model/program.js';

/** What a rule says of layer 7, in one form for what means the same. */
export interface L7 {
  readonly protocol: Listener['protocol'];
  readonly plugin?: string;
  readonly denyBody?: string;
  /** Canonical texts, sorted, each once; none lets anything through that is of the protocol. */
  readonly rules: readonly string[];
  /** Equal for what means the same. */
  readonly key: string;
}

/** Undefined for ports that are let through whatever is said on them. */
export function l7Of({ rules, serverNames }: PortRuleSpec): L7 | undefined {
  if (serverNames !== undefined) return make({ protocol: 'tls' }, serverNames.map(nameRule));
  if (rules === undefined) return undefined;
  const { http, dns, l7proto, l7, denyBody } = rules;
  if (http !== undefined) {
    return make(
      { protocol: 'http', ...(denyBody !== undefined && { denyBody }) },
      http.map(httpRule),
    );
  }
  if (dns !== undefined) return make({ protocol: 'dns' }, dns.map(fqdnRule));
  if (l7proto !== undefined) {
    return make({ protocol: 'plugin', plugin: l7proto }, (l7 ?? []).map(sortedFields));
  }
  return undefined;
}

function make(what: Omit<L7, 'rules' | 'key'>, rules: readonly object[]): L7 {
  const texts = [...new Set(rules.map((rule) => JSON.stringify(rule)))].sort();
  return { ...what, rules: texts, key: JSON.stringify([what, texts]) };
}

function nameRule(name: string): FQDNSelectorSpec {
  return fqdnRule(name.includes('*') ? { matchPattern: name } : { matchName: name });
}

function fqdnRule({ matchName, matchPattern }: FQDNSelectorSpec): FQDNSelectorSpec {
  return matchName === undefined
    ? { matchPattern: canonicalName(matchPattern ?? '') }
    : { matchName: canonicalName(matchName) };
}

function httpRule({ method, path, host, headers, headerMatches }: HTTPRuleSpec): HTTPRuleSpec {
  return {
    ...(method !== undefined && { method }),
    ...(path !== undefined && { path }),
    ...(host !== undefined && { host }),
    ...(headers !== undefined && headers.length > 0 && { headers: [...headers].sort() }),
    ...(headerMatches !== undefined &&
      headerMatches.length > 0 && {
        headerMatches: headerMatches
          .map(({ name, value, mismatch }) => ({
            name,
            ...(value !== undefined && { value }),
            ...(mismatch !== undefined && { mismatch }),
          }))
          .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
      }),
  };
}

function sortedFields(rule: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(rule).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Of the traffic to ports, what a protocol can be spoken on. */
export function rangesFor({ protocol }: L7, ranges: readonly PortRange[]): PortRange[] {
  const spoken: readonly number[] =
    protocol === 'dns' ? [PROTOCOLS.TCP, PROTOCOLS.UDP] : [PROTOCOLS.TCP];
  return ranges.flatMap((range) => {
    if (spoken.includes(range.protocol)) return [range];
    if (range.protocol !== PROTOCOLS.ANY) return [];
    return spoken.map((number) => ({ protocol: number, from: 0, to: LAST_PORT }));
  });
}

/** What all of them let through together: everything, where one lets everything through. */
export function mergeL7(parts: readonly [L7, ...L7[]]): L7 {
  const [first] = parts;
  const different = new Set(parts.map(({ key }) => key));
  if (different.size === 1) return first;
  const { protocol, plugin } = first;
  const isAnything = parts.some(({ rules }) => rules.length === 0);
  // Of several bodies the first, whatever order the policies are in.
  const [denyBody] = parts.flatMap((part) => part.denyBody ?? []).sort();
  const what = {
    protocol,
    ...(plugin !== undefined && { plugin }),
    ...(denyBody !== undefined && { denyBody }),
  };
  const rules = isAnything ? [] : [...new Set(parts.flatMap((part) => part.rules))].sort();
  return { ...what, rules, key: JSON.stringify([what, rules]) };
}

/** As those who run it know it; the lines that ask for each rule come by its text. */
export function listenerOf(
  id: number,
  direction: Listener['direction'],
  l7: L7,
  originsOf: (text: string) => ListenerRule<unknown>['origins'],
): Listener {
  const { protocol, plugin, denyBody, rules } = l7;
  const listed = rules.map((text) => ({
    rule: JSON.parse(text) as unknown,
    origins: originsOf(text),
  }));
  const named = {
    ...(plugin !== undefined && { plugin }),
    ...(denyBody !== undefined && { denyBody }),
  };
  // The rules are those of the protocol; TypeScript cannot follow the two together.
  return { id, protocol, direction, ...named, rules: listed } as unknown as Listener;
}
