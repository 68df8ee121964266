import { quote } from './quote.js';

const refuse = (...tests: readonly string[]): string =>
  `  http-request return status 400 if ${tests.join(' || ')}`;
const matches = (fetch: string, expression: string): string =>
  `{ ${fetch} -m reg ${quote(expression)} }`;

/** What is no code, and those of NUL, the slash, the backslash, the number sign, and UTF-8 too long. */
const ENCODED = '(?i)%(?![0-9a-f]{2})|%(00|2f|5c|23|c[01]|e0%[89]|f0%8)';

/**
 * What rules judge is what the server gets: what servers may read in more than one way is refused, and the
 * path is brought into its normal form (RFC 3986, 6.2.2).
 */
export const WELL_FORMED: readonly string[] = [
  '  http-request return status 400 if { fc_http_major 1 } !{ url -m beg / } !{ url -m str * }',
  refuse(matches('url', '[^!-~]|[#\\\\]'), matches('path', ENCODED)),
  refuse('{ req.fhdr_cnt(host) gt 1 }', matches('req.fhdr(host)', '[^!-~]|[/?#\\\\]')),
  // HAProxy counts lengths modulo 2^64.
  refuse(matches('req.fhdr(content-length)', '[^0-9]|.{19}')),
  refuse(matches('req.hdrs', '\\x00')),
  '  http-request normalize-uri percent-to-uppercase',
  '  http-request normalize-uri percent-decode-unreserved',
  '  http-request normalize-uri path-merge-slashes',
  '  http-request normalize-uri path-strip-dot',
  '  http-request normalize-uri path-strip-dotdot full',
  // To some servers these are dots with parameters.
  refuse(matches('path', '/\\.\\.?(;|%3B)')),
  // Behind a change of protocol nothing is filtered any more, and of a list the server chooses.
  '  http-request del-header upgrade unless { req.fhdr_cnt(upgrade) 1 } { req.fhdr(upgrade) -i -m str websocket }',
  '  http-request del-header http2-settings',
];
