import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HaproxyUnderTest, httpListener } from './harness.js';
import { Recorder } from './recorder.js';
import { smugglingRules } from './requests.js';
import { isHttp2, runCase } from './run-case.js';
import { bodies } from './smuggling-bodies.js';
import { headers, lines } from './smuggling-headers.js';
import { http2Cases } from './smuggling-http2.js';
import { paths } from './smuggling-paths.js';
import { streams } from './smuggling-streams.js';

describe.sequential('what is smuggled or malformed reaches no server that may not have it', () => {
  let server: Recorder;
  let haproxy: HaproxyUnderTest;

  beforeAll(async () => {
    server = await Recorder.start();
    haproxy = await HaproxyUnderTest.start([httpListener(7, smugglingRules)], server);
  });

  afterAll(async () => {
    await haproxy.stop();
    await server.stop();
  });

  it.each([...paths, ...lines, ...headers, ...bodies, ...streams, ...http2Cases])(
    '$name',
    async (one) => {
      server.take();
      const statuses = await runCase(one, { host: '127.0.0.1', port: haproxy.port(7) });
      // What was cut off the server tells of when it notices.
      for (let i = 0; i < 200 && server.seen.length < one.reaches.length; i++) await sleep(5);
      const heard = server.take();
      const reached = heard.map(({ request }) => request);
      expect({ statuses, reached }).toEqual({ statuses: one.statuses, reached: one.reaches });
      // Nothing is translated: a server hears the HTTP that the client speaks.
      expect(heard.filter(({ version }) => (version === '2') !== isHttp2(one))).toEqual([]);
    },
  );
});
