import type { HeaderMatchSpec, HTTPRuleSpec, L7RulesSpec } from '../model/l7.js';
import type { FQDNSelectorSpec } from '../model/program.js';
import {
  defined,
  list,
  object,
  oneOf,
  optional,
  refused,
  required,
  text,
  texts,
  type Reader,
} from './reader.js';

interface RawHeaderMatch {
  readonly name: string;
  readonly value?: string | undefined;
  readonly mismatch?: 'LOG' | 'ADD' | 'DELETE' | 'REPLACE' | undefined;
}

const headerMatch: Reader<HeaderMatchSpec> = (at) => {
  const { name, value, mismatch } = object<RawHeaderMatch>('header match', {
    name: required(text),
    value: optional(text),
    secret: refused('secrets of a cluster are not read', 'Write the value.'),
    mismatch: optional(oneOf('LOG', 'ADD', 'DELETE', 'REPLACE')),
  })(at);
  return { name, ...defined({ value, mismatch }) };
};

interface RawHttp {
  readonly method?: string | undefined;
  readonly path?: string | undefined;
  readonly host?: string | undefined;
  readonly headers?: readonly string[] | undefined;
  readonly headerMatches?: readonly HeaderMatchSpec[] | undefined;
}

const http: Reader<HTTPRuleSpec> = (at) =>
  defined(
    object<RawHttp>('HTTP rule', {
      method: optional(text),
      path: optional(text),
      host: optional(text),
      headers: optional(list(text)),
      headerMatches: optional(list(headerMatch)),
    })(at),
  );

interface RawRules {
  readonly http?: readonly HTTPRuleSpec[] | undefined;
  readonly dns?: readonly FQDNSelectorSpec[] | undefined;
  readonly l7proto?: string | undefined;
  readonly l7?: readonly Readonly<Record<string, string>>[] | undefined;
}

/** `rules` of a port; undefined for those that say nothing, as an empty list does in Cilium. */
export function l7Rules(fqdn: Reader<FQDNSelectorSpec>): Reader<L7RulesSpec | undefined> {
  const raw = object<RawRules>('set of rules of layer 7', {
    http: optional(list(http)),
    kafka: refused('it is legacy', 'Cilium has deprecated it; write a protocol plug-in.'),
    dns: optional(list(fqdn)),
    l7proto: optional(text),
    l7: optional(list(texts)),
  });
  return (at) => {
    const { http: requests, dns, l7proto, l7 } = raw(at);
    const rules = defined({
      http: requests?.length === 0 ? undefined : requests,
      dns: dns?.length === 0 ? undefined : dns,
      l7proto,
      l7,
    });
    return Object.keys(rules).length === 0 ? undefined : rules;
  };
}
