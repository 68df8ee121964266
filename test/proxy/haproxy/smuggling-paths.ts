import { http2, request } from './http2-frames.js';
import { get, one } from './requests.js';
import type { SmugglingCase } from './run-case.js';

/** A path as the server gets it, if it does. */
function path(
  name: string,
  sent: string,
  status: number,
  got?: string,
  http2Status = status,
): SmugglingCase[] {
  const reaches = got === undefined ? [] : [`GET ${got}`];
  return [
    one(name, get(sent), status, ...reaches),
    one(`${name}, in HTTP/2`, http2({ fields: request(sent) }), http2Status, ...reaches),
  ];
}

export const paths: readonly SmugglingCase[] = [
  ...path('a path that is let through', '/v1/x', 200, '/v1/x'),
  ...path('a path that is not', '/admin', 403),
  ...path('dots back', '/v1/../admin', 403),
  ...path('dots back beyond the root', '/v1/../../../admin', 403),
  ...path('dots back at the end', '/v1/..', 403),
  ...path('a single dot', '/v1/./x', 200, '/v1/x'),
  ...path('encoded dots back', '/v1/%2e%2e/admin', 403),
  ...path('dots back, one of them encoded', '/v1/.%2E/admin', 403),
  ...path('dots back, encoded twice', '/v1/%252e%252e/admin', 200, '/v1/%252e%252e/admin'),
  ...path('an encoded slash', '/v1/..%2fadmin', 400),
  ...path('an encoded slash in capitals', '/v1/..%2Fadmin', 400),
  ...path('a backslash', '/v1/..\\admin', 400),
  ...path('an encoded backslash', '/v1/..%5cadmin', 400),
  ...path('an encoded NUL', '/v1/x%00/../../admin', 400),
  ...path('an encoded number sign', '/v1/%23/../../admin', 400),
  ...path('a fragment', '/v1/x#/../../admin', 400, undefined, 0),
  ...path('a slash too many before', '//admin', 403),
  ...path('a host instead of a path', '//v1/admin', 200, '/v1/admin'),
  ...path('slashes too many between', '/v1//../admin', 403),
  ...path('a parameter behind dots back', '/v1/..;/admin', 400),
  ...path('a parameter with a name behind dots back', '/v1/..;x=y/admin', 400),
  ...path('an encoded parameter behind dots back', '/v1/..%3b/admin', 400),
  ...path('dots that are encoded too long', '/v1/%c0%ae%c0%ae/admin', 400),
  ...path('a slash that is encoded too long', '/v1/..%c0%afadmin', 400),
  ...path('a slash that is encoded in three bytes', '/v1/..%e0%80%afadmin', 400),
  ...path('a slash that is encoded in four bytes', '/v1/..%F0%80%80%AFadmin', 400),
  ...path('letters beyond ASCII, encoded', '/v1/%c3%a9', 200, '/v1/%C3%A9'),
  ...path('a single dot with a parameter', '/v1/.;/admin', 400),
  ...path('a parameter', '/v1/x;y=z/a', 200, '/v1/x;y=z/a'),
  ...path('half an encoding', '/v1/%2', 400),
  ...path('an encoding of no digits', '/v1/%zz', 400),
  ...path('half an encoding in the query', '/v1/x?a=50%', 200, '/v1/x?a=50%'),
  ...path('an encoding of IIS', '/v1/%u002e%u002e/admin', 400),
  ...path('letters encoded', '/%61dmin', 403),
  ...path('letters encoded that are let through', '/%761/x', 200, '/v1/x'),
  ...path('another case of the letters', '/V1/x', 403),
  ...path('a path in the query', '/admin?/v1/x', 403),
  ...path('dots back in the query', '/v1/x?/../../admin', 200, '/v1/x?/../../admin'),
  ...path('an encoded question mark', '/v1%3f/../admin', 403),
  ...path('a line break, encoded', '/admin%0a/v1/x', 403),
  ...path('a byte beyond ASCII', '/v1/\xe9', 400),
  ...path('a delete character', '/v1/\x7f', 400),
  ...path('a path without a slash', 'v1/x', 400, undefined, 0),
];
