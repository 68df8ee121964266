import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HaproxyUnderTest, httpListener } from './harness.js';
import { Recorder } from './recorder.js';
import { get, one } from './requests.js';
import { runCase } from './run-case.js';

const EXPRESSIONS = [
  '/nested/(a+)+[bc]',
  '/same/(a|a)*[bc]',
  '/apart/.*a.*a.*a.*[bc]',
  '/either/((a+)+[bc]|a*)',
  '/long/.*',
  '/braces/a{,2}[{]b{2}\\x{2d}\\Q{,1}\\E\\p{Lu}',
];

describe.sequential('expressions', () => {
  let server: Recorder;
  let haproxy: HaproxyUnderTest;

  beforeAll(async () => {
    server = await Recorder.start();
    const rules = EXPRESSIONS.map((path) => ({ path }));
    haproxy = await HaproxyUnderTest.start([httpListener(7, rules)], server);
  });

  afterAll(async () => {
    await haproxy.stop();
    await server.stop();
  });

  const ask = async (path: string, status: number): Promise<number[]> =>
    runCase(one('', get(path), status), { host: '127.0.0.1', port: haproxy.port(7) });
  const a = (count: number): string => 'a'.repeat(count);

  it.each(['nested', 'same', 'apart'])(
    'that go back (%s) let nobody wait, and through what they match',
    async (name) => {
      const hostile = Array.from({ length: 30 }, () => ask(`/${name}/${a(9000)}`, 403));
      expect(await ask(`/${name}/aaab`, 200)).toEqual([200]);
      expect(new Set((await Promise.all(hostile)).flat())).toEqual(new Set([403]));
      expect(server.take().map(({ request }) => request)).toEqual([`GET /${name}/aaab`]);
    },
  );

  it('deny where they would take too many steps', async () => {
    expect(await ask(`/either/${a(8)}`, 200)).toEqual([200]);
    server.take();
    expect(await ask(`/either/${a(21)}`, 403)).toEqual([403]);
    expect(server.take()).toEqual([]);
  });

  it('have braces that repeat nothing as text', async () => {
    expect(await ask('/braces/a{,2}{bb-{,1}A', 200)).toEqual([200]);
    expect(await ask('/braces/aa{bb-{,1}A', 403)).toEqual([403]);
  });

  it('of one repetition match what is long', async () => {
    expect(await ask(`/long/${'ab/'.repeat(4000)}`, 200)).toEqual([200]);
  });
});
