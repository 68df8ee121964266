import { PlumbError } from '../model/error.js';
import { listenerText, ruleText } from '../model/l7-text.js';
import { judgeRequest, splitHeader, type L7Request } from '../policy/match-l7.js';
import type { VerdictFilter } from '../report/verdict.js';
import { hex8 } from '../state/columns.js';
import type { DirectionVerdict } from '../verdict/decide.js';
import type { Compiled } from './provenance.js';

/** What rules of layer 7 add to the verdict of one direction; nothing where none is asked. */
export function filterOf(
  { entry, audited }: DirectionVerdict,
  { policy }: Compiled,
  request: L7Request,
): { readonly filter?: VerdictFilter } {
  const listener = policy.listeners.get(entry?.listener ?? 0);
  if (listener === undefined || audited !== undefined) return {};
  const said = judgeRequest(listener, request);
  const by = said?.rule === undefined ? undefined : listener.rules[said.rule];
  const origins = by?.origins ?? listener.rules.flatMap((rule) => rule.origins);
  return {
    filter: {
      listener: hex8(listener.id),
      text: listenerText(listener),
      ...(said === undefined ? {} : { allowed: said.allowed }),
      ...(by === undefined ? {} : { rule: ruleText(listener.protocol, by.rule) }),
      origins: [...new Map(origins.map((origin) => [JSON.stringify(origin), origin])).values()],
    },
  };
}

/** The request in the words of who asks about it. */
export function requestText({ http, dns, sni, l7 }: L7Request): string {
  if (http !== undefined) return `${http.method} ${http.path}`;
  return dns ?? sni ?? l7 ?? '';
}

export interface RequestFlags {
  readonly http?: string | undefined;
  readonly header?: readonly string[] | undefined;
  readonly dns?: string | undefined;
  readonly sni?: string | undefined;
  readonly l7?: string | undefined;
}

/** @throws PlumbError PLB_INVALID_REQUEST */
export function parseRequest({ http, header = [], dns, sni, l7 }: RequestFlags): L7Request {
  const headers = header.map((text) => {
    const { name, value = '' } = splitHeader(text);
    return [name, value] as const;
  });
  const parsed = http === undefined ? undefined : /^([A-Z]+) (\/\S*)$/.exec(http);
  if (parsed === null || (header.length > 0 && http === undefined)) {
    throw new PlumbError('PLB_INVALID_REQUEST', `${http ?? header.join(', ')} is no request`, {
      hint: 'Write a method and a path: --http "PUT /v1/exhaust-port", and headers by --header "Name: value".',
    });
  }
  const [, method = '', path = ''] = parsed ?? [];
  return {
    ...(http === undefined ? {} : { http: { method, path, headers } }),
    ...(dns === undefined ? {} : { dns }),
    ...(sni === undefined ? {} : { sni }),
    ...(l7 === undefined ? {} : { l7 }),
  };
}
