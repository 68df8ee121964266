import { http2, request } from './http2-frames.js';
import { ADMIN, get, HOST, one } from './requests.js';
import type { SmugglingCase } from './run-case.js';

const WEBSOCKET = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
/** Several requests of a connection, and changes of its protocol. */
export const streams: readonly SmugglingCase[] = [
  one(
    'requests in a row',
    get('/v1/a') + ADMIN + get('/v1/b'),
    [200, 403, 200],
    'GET /v1/a',
    'GET /v1/b',
  ),
  {
    name: 'a request in many packets',
    send: ['GE', 'T /adm', 'in HTTP/1.1\r', '\nHost: x\r\n', '\r\n'],
    statuses: [403],
    reaches: [],
  },
  {
    name: 'a request in a row, byte by byte',
    send: [get('/v1/a') + 'GET /', 'admin HTTP/1.1\r\n', `${HOST}\r\n`],
    statuses: [200, 403],
    reaches: ['GET /v1/a'],
  },
  one(
    'HTTP/2 behind HTTP/1',
    Buffer.concat([Buffer.from(get('/v1/a')), http2({ fields: request('/admin') })]),
    [200, 400],
    'GET /v1/a',
  ),
  one(
    'an upgrade to HTTP/2',
    get(
      '/v1/up',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n',
    ) + ADMIN,
    [200, 403],
    'GET /v1/up',
  ),
  one(
    'an upgrade to HTTP/2 or WebSocket',
    get('/v1/up', 'Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n') + ADMIN,
    400,
  ),
  one(
    'a WebSocket that may become HTTP/2',
    get('/v1/up', `Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n${WEBSOCKET}`) + ADMIN,
    [200, 403],
    'GET /v1/up',
  ),
  one(
    'a WebSocket and another upgrade',
    get('/v1/up', `Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n${WEBSOCKET}`) +
      ADMIN,
    [200, 403],
    'GET /v1/up',
  ),
  one(
    'two upgrades',
    get('/v1/up', 'Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n') + ADMIN,
    [200, 403],
    'GET /v1/up',
  ),
  one(
    'an upgrade to TLS',
    get('/v1/up', 'Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n') + ADMIN,
    [200, 403],
    'GET /v1/up',
  ),
  one(
    'a WebSocket that is denied',
    get('/admin', `Connection: Upgrade\r\nUpgrade: websocket\r\n${WEBSOCKET}`) + get('/v1/x'),
    [403, 200],
    'GET /v1/x',
  ),
  one(
    'a header that is of the connection only',
    get('/keyed', 'Connection: X-Key\r\nX-Key: right\r\n'),
    200,
    'GET /keyed',
  ),
];
