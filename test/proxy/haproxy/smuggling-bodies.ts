import { ADMIN, CLOSE, get, HOST, one, POST, post } from './requests.js';
import type { SmugglingCase } from './run-case.js';

const CHUNKED = 'Transfer-Encoding: chunked\r\n';
export const bodies: readonly SmugglingCase[] = [
  one('two lengths', post('Content-Length: 0\r\nContent-Length: 40\r\n', ADMIN), 400),
  one('two lengths with a comma', post('Content-Length: 0, 40\r\n', ADMIN), 400),
  one('the same length twice', post('Content-Length: 2\r\nContent-Length: 2\r\n', 'hi'), 200, POST),
  one('a length with a sign', post('Content-Length: +2\r\n', 'hi'), 400),
  one('a length below zero', post('Content-Length: -1\r\n', ADMIN), 400),
  one('a length in hexadecimal', post('Content-Length: 0x2\r\n', 'hi'), 400),
  one('a length of letters', post('Content-Length: two\r\n', 'hi'), 400),
  one('an empty length', post('Content-Length:\r\n', ADMIN), 400),
  one(
    'a length that no number holds',
    post('Content-Length: 18446744073709551616\r\n', ADMIN),
    [400, 403],
  ),
  one(
    'a length of twenty digits',
    post(`Content-Length: 0000000000000000000${String(ADMIN.length)}\r\n`, ADMIN),
    400,
  ),
  one('a length in octal', post(`Content-Length: 0${String(ADMIN.length)}\r\n`, ADMIN), 200, POST),
  one(
    'a length and chunks, the request in the chunks',
    post(
      `Content-Length: 4\r\n${CHUNKED}${CLOSE}`,
      `${ADMIN.length.toString(16)}\r\n${ADMIN}\r\n0\r\n\r\n`,
    ),
    200,
    POST,
  ),
  one(
    'a length and chunks, the request behind the chunks',
    post(`Content-Length: 60\r\n${CHUNKED}`, `0\r\n\r\n${ADMIN}`),
    200,
    POST,
  ),
  one(
    'chunks and a length, the request behind the chunks',
    post(`${CHUNKED}Content-Length: 60\r\n`, `0\r\n\r\n${ADMIN}`),
    200,
    POST,
  ),
  one('chunks twice', post(`${CHUNKED}${CHUNKED}`, `0\r\n\r\n${ADMIN}`), 400),
  one(
    'chunks of chunks',
    post('Transfer-Encoding: chunked, chunked\r\n', `0\r\n\r\n${ADMIN}`),
    400,
  ),
  one(
    'chunks and then something else',
    post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${ADMIN}`),
    400,
  ),
  one(
    'something like chunks',
    post('Transfer-Encoding: xchunked\r\nContent-Length: 60\r\n', ADMIN),
    400,
  ),
  one(
    'chunks with a tab',
    post('Transfer-Encoding:\tchunked\r\nContent-Length: 60\r\n', `0\r\n\r\n${ADMIN}`),
    200,
    POST,
  ),
  one(
    'chunks in a line that goes on',
    post('Transfer-Encoding:\r\n chunked\r\n', `0\r\n\r\n${ADMIN}`),
    [200, 403],
    POST,
  ),
  one(
    'chunks in HTTP/1.0',
    `POST /v1/post HTTP/1.0\r\n${HOST}${CHUNKED}Connection: keep-alive\r\n\r\n0\r\n\r\n${ADMIN}`,
    200,
    POST,
  ),
  one('a chunk of no size', post(CHUNKED, `\r\nx\r\n0\r\n\r\n`), 400),
  one('a chunk of a size with a sign', post(CHUNKED, `-1\r\n${ADMIN}`), 400),
  one('a chunk of a size beyond all', post(CHUNKED, `fffffffffffffffff\r\n${ADMIN}`), 400),
  one('a chunk that ends elsewhere', post(CHUNKED, `2\r\nhello\r\n0\r\n\r\n${ADMIN}`), 400),
  one('an extension of a chunk', post(CHUNKED, `2;x="\r\n${ADMIN}"\r\nhi\r\n0\r\n\r\n`), 400),
  one(
    'a trailer that is a header',
    post(CHUNKED, `0\r\nHost: evil.example\r\n\r\n${ADMIN}`),
    [200, 403],
    POST,
  ),
  one(
    'a body of GET',
    `${get('/v1/x', `Content-Length: ${String(ADMIN.length)}\r\n`)}${ADMIN}`,
    200,
    'GET /v1/x',
  ),
  one(
    'a body of what is denied',
    `POST /admin HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello${get('/v1/x')}`,
    [403, 200],
    'GET /v1/x',
  ),
  one(
    'a body that is a request',
    post(`Content-Length: ${String(ADMIN.length)}\r\n`, ADMIN + ADMIN),
    [200, 403],
    POST,
  ),
  one(
    'a body that comes before it is asked for',
    post('Expect: 100-continue\r\nContent-Length: 2\r\n', `hi${ADMIN}`),
    [100, 200, 403],
    POST,
  ),
  one('a body that never comes', post('Content-Length: 1000\r\n', ADMIN), [], POST),
];
