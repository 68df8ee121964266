import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordOfAccess } from '../../../src/proxy/record.js';
import { askRaw } from './ask.js';
import { HaproxyUnderTest, httpListener } from './harness.js';
import { Recorder } from './recorder.js';

/** Whoever asks chooses these; whoever reads the log must not take them for something else. */
const QUOTED = '/v1/"},{"type":"http","rule":"0';
const HOSTILE: readonly (readonly [name: string, request: string, status: number, said: string])[] =
  [
    ['quotes', `GET ${QUOTED} HTTP/1.1`, 200, `GET ${QUOTED}`],
    ['an encoded line feed', 'GET /v1/%0a{} HTTP/1.1', 200, 'GET /v1/%0a{}'],
    ['encoded quotes', 'GET /v1/%22%27 HTTP/1.1', 200, 'GET /v1/%22%27'],
    ['formats of a log', 'GET /v1/%[var(txn.rule)]%ci HTTP/1.1', 400, ''],
    ['brackets and a dollar', "GET /v1/[]${}$(')` HTTP/1.1", 200, "GET /v1/[]${}$(')`"],
    ['a backslash', 'GET /v1/\\n\\u0022 HTTP/1.1', 400, 'GET /v1/\\n\\u0022'],
    ['what is no UTF-8', 'GET /v1/\xff\xc3\x28 HTTP/1.1', 400, ''],
    ['a control character', 'GET /v1/\x1b[31m HTTP/1.1', 400, ''],
    ['a line feed', 'GET /v1/\nGET /v1/x HTTP/1.1', 400, ''],
    // The server knows no such method, and closes.
    ['a method of its own', `A!#$%&'*+-.^_\`|~9 /v1/x HTTP/1.1`, 502, `A!#$%&'*+-.^_\`|~9 /v1/x`],
    ['a dash, as what is not known has', 'GET - HTTP/1.1', 400, ''],
  ];

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n`;

describe.sequential('the access log', () => {
  let server: Recorder;
  let haproxy: HaproxyUnderTest;

  beforeAll(async () => {
    server = await Recorder.start();
    haproxy = await HaproxyUnderTest.start([httpListener(7, [{ path: '/v1/.*' }])], server);
  });

  afterAll(async () => {
    await haproxy.stop();
    await server.stop();
  });

  it.each(HOSTILE)('has one record of a request with %s', async (_what, line, status, said) => {
    const before = haproxy.lines.length;
    expect(await askRaw(haproxy.port(7), `${line}\r\nHost: 10.0.0.1\r\n\r\n`)).toBe(status);
    const records = (await haproxy.records(before + 1)).slice(before);
    // Whatever else it wrote would come before the next request's.
    expect(await askRaw(haproxy.port(7), 'GET /last HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n')).toBe(403);
    expect((await haproxy.records(before + 2)).slice(before)).toHaveLength(2);
    expect(haproxy.lines).toHaveLength(before + 2);
    const [record] = records;
    expect(record).toMatchObject({ type: 'http', listener: 7, client: '127.0.0.1', status });
    expect(record?.verdict).toBe(status === 400 ? 'denied' : 'allowed');
    const { request } = recordOfAccess(record!);
    if (said !== '') expect(request).toBe(said);
    expect(request).not.toMatch(/[^ -~]/);
  });

  it('has the whole of a path of 10,000 characters', async () => {
    const path = `/v1/${'x'.repeat(10_000)}`;
    const before = haproxy.lines.length;
    expect(await askRaw(haproxy.port(7), get(path))).toBe(200);
    const [record] = (await haproxy.records(before + 1)).slice(-1);
    expect(record).toMatchObject({ path, verdict: 'allowed' });
  });

  it('has nothing of a connection that asks for nothing', async () => {
    const before = haproxy.lines.length;
    const socket = connect(haproxy.port(7), '127.0.0.1');
    await once(socket, 'connect');
    socket.end();
    socket.resume();
    await once(socket, 'close');
    expect(await askRaw(haproxy.port(7), get('/v1/last'))).toBe(200);
    expect((await haproxy.records(before + 1)).slice(before)).toMatchObject([{ path: '/v1/last' }]);
  });

  it('is written only while somebody follows', async () => {
    const before = haproxy.lines.length;
    await haproxy.follow(false);
    expect(await askRaw(haproxy.port(7), get('/v1/unseen'))).toBe(200);
    expect(await askRaw(haproxy.port(7), get('/unseen'))).toBe(403);
    await haproxy.follow(true);
    expect(await askRaw(haproxy.port(7), get('/v1/seen'))).toBe(200);
    expect((await haproxy.records(before + 1)).slice(before)).toMatchObject([{ path: '/v1/seen' }]);
  });
});
