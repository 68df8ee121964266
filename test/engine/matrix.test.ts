import { describe, expect, it } from 'vitest';
import { synthesize } from '../../src/engine/desired.js';
import { matrixOf } from '../../src/engine/matrix.js';
import { compileFor } from '../../src/engine/provenance.js';
import { graphOf } from '../../src/report/graph.js';
import { renderMatrixMarkdown } from '../../src/report/matrix.js';

const desired = await synthesize('examples/star-wars/plumb.ts');
const made = matrixOf(desired);

function ports(from: string, to: string, of = made) {
  const id = (part: string) => of.peers.find(({ name }) => name.includes(part))?.id;
  return of.pairs.find((pair) => pair.from === id(from) && pair.to === id(to))?.ports;
}

describe('the matrix of star wars', () => {
  it('lets the empire land on port 80 alone, and the alliance nowhere', () => {
    expect(ports('tiefighter', 'deathstar')).toEqual({ '80/TCP': true, other: false });
    expect(ports('xwing', 'deathstar')).toEqual({ '80/TCP': false, other: false });
    expect(ports('world-ipv4', 'deathstar')).toEqual({ '80/TCP': false, other: false });
    expect(ports('deathstar', 'xwing')).toEqual({ '80/TCP': true, other: true });
  });

  it('lets the local host reach its own endpoints, and says nothing of pairs that are not here', () => {
    expect(ports('host', 'deathstar')).toEqual({ '80/TCP': true, other: true });
    expect(ports('host', 'world-ipv4')).toBeUndefined();
    expect(made.pairs).toHaveLength(3 * 3 + 2 * 3 * 3);
  });

  it('splits ranges that overlap, so that one answer holds for each column', () => {
    const { document, node, allocation } = desired;
    const [policy] = document.policies;
    if (policy === undefined) throw new Error('the program has no policy');
    const deny = [{ toPorts: [{ ports: [{ port: 70, endPort: 90, protocol: 'TCP' as const }] }] }];
    const allow = [{ toPorts: [{ ports: [{ port: 80, endPort: 99, protocol: 'TCP' as const }] }] }];
    const policies = [{ ...policy, ingress: allow, ingressDeny: deny }];
    const split = matrixOf(compileFor({ ...document, policies }, node, allocation));
    expect(ports('xwing', 'deathstar', split)).toEqual({
      '70-79/TCP': false,
      '80-90/TCP': false,
      '91-99/TCP': true,
      other: false,
    });
  });

  it('is a table of Markdown with a row for each pair', () => {
    const lines = renderMatrixMarkdown(made).split('\n');
    expect(lines[0]).toBe('| from | to | 80/TCP | other |');
    expect(lines).toHaveLength(made.pairs.length + 2);
    expect(lines).toContain('| host | {class=xwing,org=alliance} | yes | yes |');
  });
});

describe('the matrix where rules of layer 7 filter', () => {
  it('says what of it passes, in the document, the table and the picture', async () => {
    const filtered = matrixOf(await synthesize('examples/star-wars-l7/plumb.ts'));
    const id = (part: string) => filtered.peers.find(({ name }) => name.includes(part))?.id;
    const landing = filtered.pairs.find(
      ({ from, to }) => from === id('tiefighter') && to === id('deathstar'),
    );
    expect(landing?.ports['80/TCP']).toBe(true);
    expect(landing?.filtered).toEqual({ '80/TCP': 'http POST /v1/request-landing' });
    expect(renderMatrixMarkdown(filtered)).toContain('| only http POST /v1/request-landing |');
    expect(graphOf(filtered)).toContain('80/TCP in part');
    expect(made.pairs.filter((pair) => pair.filtered !== undefined)).toEqual([]);
  });
});
