import { http2, request, type Fields, type Stream } from './http2-frames.js';
import { ADMIN, one, POST } from './requests.js';
import type { SmugglingCase } from './run-case.js';

const h2 = (
  name: string,
  fields: Fields,
  statuses: number | readonly number[],
  reaches: readonly string[] = [],
  more: Omit<Stream, 'fields'> = {},
): SmugglingCase => one(`${name}, in HTTP/2`, http2({ fields, ...more }), statuses, ...reaches);
const and = (fields: Fields, ...more: Fields): Fields => [...fields, ...more];

export const http2Cases: readonly SmugglingCase[] = [
  h2('two paths', and(request('/v1/x'), [':path', '/admin']), 0),
  h2('a path behind headers', and([['x', 'y']], ...request('/v1/x')), 0),
  h2(
    'no path',
    request('/v1/x').filter(([name]) => name !== ':path'),
    0,
  ),
  h2('an empty path', request(''), 0),
  h2('two methods', and(request('/v1/x'), [':method', 'DELETE']), 0),
  h2('a pseudo-header of nobody', and(request('/v1/x'), [':proto', 'x']), 0),
  h2('a line break in the path', request('/v1/x HTTP/1.1\r\nHost: x\r\n\r\nGET /admin'), [0]),
  h2('a space in the path', request('/v1/x /admin'), 0),
  h2('a NUL in the path', request('/v1/\0'), [0]),
  h2('a line break in a header', and(request('/v1/x'), ['x', 'y\r\nz: a']), 0),
  h2('a line break in a name', and(request('/v1/x'), ['x\r\ny', 'z']), 0),
  h2('a colon in a name', and(request('/v1/x'), ['x:y', 'z']), 0),
  h2('a capital in a name', and(request('/v1/x'), ['X', 'y']), 0),
  h2('a path in the authority', request('/admin', { ':authority': 'good.example/v1/x?' }), 400),
  h2('a query in the authority', request('/admin', { ':authority': 'good.example?' }), 400),
  h2('a NUL in a header', and(request('/v1/x'), ['x', 'a\0b']), 0),
  h2(
    'a header with two values',
    and(request('/keyed'), ['x-key', 'wrong'], ['x-key', 'right']),
    403,
  ),
  h2('a path in the scheme', request('/admin', { ':scheme': '/v1/x?' }), 400),
  h2(
    'a host in the scheme',
    request('/hosted', { ':scheme': 'http://good.example/v1/?', ':authority': 'evil.example' }),
    400,
  ),
  h2(
    'a host besides the authority',
    and(request('/hosted', { ':authority': 'evil.example' }), ['host', 'good.example']),
    403,
  ),
  h2('an authority besides the host', and(request('/hosted'), ['host', 'evil.example']), 200, [
    'GET /hosted',
  ]),
  h2(
    'chunks',
    and(request('/v1/post', { ':method': 'POST' }), ['transfer-encoding', 'chunked']),
    0,
    [],
    { body: `0\r\n\r\n${ADMIN}` },
  ),
  h2('a connection', and(request('/v1/x'), ['connection', 'close']), 0),
  h2(
    'a length that is too short',
    and(request('/v1/post', { ':method': 'POST' }), ['content-length', '1']),
    0,
    [],
    { body: ADMIN },
  ),
  h2(
    'two lengths',
    and(
      request('/v1/post', { ':method': 'POST' }),
      ['content-length', '1'],
      ['content-length', '2'],
    ),
    0,
    [],
    { body: 'hi' },
  ),
  h2('a body that is a request', request('/v1/post', { ':method': 'POST' }), 200, [POST], {
    body: ADMIN,
  }),
  h2(
    'CONNECT',
    [
      [':method', 'CONNECT'],
      [':authority', 'good.example:80'],
    ],
    403,
  ),
  h2('CONNECT with a path', request('/v1/x', { ':method': 'CONNECT' }), 0),
  h2(
    'a WebSocket that is denied',
    request('/admin', { ':method': 'CONNECT', ':protocol': 'websocket' }),
    403,
  ),
  h2('headers in many frames', request('/admin'), 403, [], { frames: 5 }),
  h2(
    'headers that no buffer holds',
    and(
      request('/v1/x'),
      ['x', 'y'.repeat(15_000)],
      ['x', 'y'.repeat(15_000)],
      ['z', 'y'.repeat(15_000)],
    ),
    0,
    [],
    { frames: 4 },
  ),
  one(
    'streams in a row, in HTTP/2',
    http2({ fields: request('/v1/a') }, { fields: request('/admin') }),
    [403, 200],
    'GET /v1/a',
  ),
];
