import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadProgram } from '../../src/loader/load-program.js';
import { HEAD, load, write } from './program.js';

const STAR_WARS = join(import.meta.dirname, '../../examples/star-wars/plumb.ts');

describe('the star wars example', () => {
  test('means a node, five ships and one rule, each with its line', async () => {
    const { document, sources, timings } = await loadProgram(STAR_WARS);
    expect(document.nodes).toMatchObject([
      { name: 'hoth', gateways: ['10.1.0.1', 'fd00:10:1::1'], mtu: 1500, allowLocalhost: true },
    ]);
    expect(document.endpoints.map(({ name, addresses }) => [name, ...addresses])).toEqual([
      ['deathstar-1', '10.1.0.11', 'fd00:10:1::11'],
      ['tiefighter-1', '10.1.0.21', 'fd00:10:1::21'],
      ['deathstar-2', '10.1.0.12', 'fd00:10:1::12'],
      ['tiefighter-2', '10.1.0.22', 'fd00:10:1::22'],
      ['xwing', '10.1.0.31', 'fd00:10:1::31'],
    ]);
    expect(document.policies).toMatchObject([
      {
        name: 'rule1',
        endpointSelector: { matchLabels: { org: 'empire', class: 'deathstar' } },
        ingress: [
          {
            endpoints: [{ matchLabels: { org: 'empire' } }],
            toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }] }],
          },
        ],
      },
    ]);
    for (const { origin } of [...document.nodes, ...document.endpoints, ...document.policies]) {
      expect(origin).toMatchObject({ file: 'plumb.ts', line: expect.any(Number) });
    }
    expect(sources).toEqual([STAR_WARS]);
    for (const ms of Object.values(timings)) expect(ms).toBeGreaterThan(0);
  });

  test('means the same when it is loaded again', async () => {
    const [first, second] = [await loadProgram(STAR_WARS), await loadProgram(STAR_WARS)];
    expect(JSON.stringify(second.document)).toBe(JSON.stringify(first.document));
  });
});

describe('places', () => {
  test('are those of the new, by line and column, also in modules beside the program', async () => {
    const { document, sources } = await load(
      `${HEAD}import { fleet } from './ships/fleet.js';
fleet(hoth);

  new Endpoint(hoth, 'shuttle',
    { labels: {}, address: '10.1.0.9' });
`,
      {
        'ships/fleet.ts': `import { Endpoint, type Node } from 'plumbline';

export function fleet(node: Node): void {
  new Endpoint(node, 'xwing', { labels: {}, address: '10.1.0.8' });
}
`,
      },
    );
    expect(document.nodes[0]?.origin).toEqual({
      path: 'hoth',
      file: 'plumb.ts',
      line: 3,
      column: 14,
    });
    expect(document.endpoints.map(({ origin }) => origin)).toEqual([
      { path: 'hoth/xwing', file: 'ships/fleet.ts', line: 4, column: 3 },
      { path: 'hoth/shuttle', file: 'plumb.ts', line: 8, column: 3 },
    ]);
    expect(sources.map((path) => path.split('/').slice(-2).join('/'))).toEqual([
      expect.stringMatching(/^plumb-loader-.*\/plumb\.ts$/),
      'ships/fleet.ts',
    ]);
  });

  test('of a class that the program derives are where it is made', async () => {
    const { document } = await load(`${HEAD}
class Ship extends Endpoint {
  constructor(scope: Node, id: string, address: string) {
    super(scope, id, { labels: { class: 'ship' }, address });
  }
}

new Ship(hoth, 'xwing', '10.1.0.8');
`);
    expect(document.endpoints[0]?.origin.line).toBe(12);
  });

  test('of rules are their own lines where the text lists them', async () => {
    const { document } = await load(`${HEAD}
new NetworkPolicy(app, 'listed', {
  endpointSelector: {},
  ingress: [
    { fromEntities: ['host'] },
    { fromEntities: ['world'] },
  ],
  egressDeny: [{ toEntities: ['world'] }],
});
`);
    const [policy] = document.policies;
    const place = { path: 'listed', file: 'plumb.ts' };
    expect(policy?.origin).toEqual({ ...place, line: 6, column: 1 });
    expect(policy?.ingress?.map(({ origin }) => origin)).toEqual([
      { ...place, line: 9, column: 5 },
      { ...place, line: 10, column: 5 },
    ]);
    expect(policy?.egressDeny?.[0]?.origin).toEqual({ ...place, line: 12, column: 16 });
  });

  test("of rules are the policy's line where the text does not tell which rule is which", async () => {
    const { document } = await load(`${HEAD}
const common = [{ fromEntities: ['host'] }, { fromEntities: ['world'] }] as const;
new NetworkPolicy(app, 'spread', {
  endpointSelector: {},
  ingress: [...common, { fromEntities: ['cluster'] }],
});
new NetworkPolicy(app, 'named', { endpointSelector: {}, ingress: common });
class Doubled extends NetworkPolicy {
  constructor(id: string, props: { ingress: readonly { fromEntities: readonly ['host'] }[] }) {
    super(app, id, { endpointSelector: {}, ingress: [...props.ingress, ...props.ingress] });
  }
}
new Doubled('derived', { ingress: [{ fromEntities: ['host'] }] });
`);
    const lines = document.policies.map(({ ingress }) =>
      ingress?.map(({ origin }) => origin?.line),
    );
    expect(lines).toEqual([
      [7, 7, 7],
      [11, 11],
      [17, 17],
    ]);
  });
});

describe('a program', () => {
  test('may take its data from JSON, wait at the top, and import parts of Node.js', async () => {
    const { document } = await load(
      `${HEAD}import { join } from 'node:path/posix';
import ships from './ships.json' with { type: 'json' };
const later = await Promise.resolve(ships);
for (const { name, address } of later) {
  new Endpoint(hoth, join(name), { labels: {}, address });
}
`,
      {
        'ships.json': JSON.stringify([{ name: 'xwing', address: '10.1.0.8' }]),
        'package.json': '{ "type": "module" }',
      },
    );
    expect(document.endpoints.map(({ name }) => name)).toEqual(['xwing']);
  });

  test('may use the constructs package, and meets the same classes there', async () => {
    const { document } = await load(`${HEAD}import { Construct } from 'plumbline';
const fleet = new Construct(hoth, 'fleet');
new Endpoint(fleet, 'xwing', { labels: {}, address: '10.1.0.8' });
`);
    expect(document.endpoints).toMatchObject([
      { node: 'hoth', origin: { path: 'hoth/fleet/xwing' } },
    ]);
  });

  test('may make twenty thousand endpoints', async () => {
    const { document } = await load(`import { App, Endpoint, Node } from 'plumbline';
const hoth = new Node(new App(), 'hoth', { podCIDRs: ['10.0.0.0/8'] });
for (let i = 0; i < 20_000; i++) {
  const address = \`10.1.\${i >> 8}.\${i & 255}\`;
  new Endpoint(hoth, \`ship-\${i}\`, { labels: { ship: String(i) }, address });
}
`);
    expect(document.endpoints).toHaveLength(20_000);
    expect(document.endpoints.at(-1)).toMatchObject({ name: 'ship-19999', origin: { line: 5 } });
  });

  test('is checked under the tsconfig.json above it', async () => {
    const program = `${HEAD}
function first(list: string[]): string {
  return list[0];
}
new Endpoint(hoth, first(['xwing']), { labels: {}, address: '10.1.0.8' });
`;
    const config = {
      compilerOptions: { strict: true, module: 'nodenext', types: [], outDir: 'out' },
    };
    await expect(load(program)).rejects.toMatchObject({ code: 'PLB_TYPE' });
    const { document } = await load(program, { 'tsconfig.json': JSON.stringify(config) });
    expect(document.endpoints).toHaveLength(1);
  });

  test('may be named from the working directory', async () => {
    const { relative } = await import('node:path');
    const path = write(HEAD);
    const { document } = await loadProgram(relative(process.cwd(), path));
    expect(document.nodes).toHaveLength(1);
  });
});
