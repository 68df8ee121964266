import { format } from 'pretty-format';
import { App, Endpoint, Node, tcp } from 'plumbline';
import { identitySerializer, networkOf, type Network } from 'plumbline/testing';
import { describe, expect, it } from 'vitest';
import { synthesizeDocument } from '../../src/engine/desired.js';

function fleet(): App {
  const app = new App();
  const hoth = new Node(app, 'hoth', { podCIDRs: ['10.1.0.0/24'] });
  const make = (name: string, address: string) =>
    new Endpoint(hoth, name, { labels: { class: name }, address });
  make('xwing', '10.1.0.3').allowFrom(make('tie', '10.1.0.2'), tcp(80));
  return app;
}

/** As with a lock file in which endpoints have other numbers. */
function renumbered({ matrix, identities, ...network }: Network): Network {
  const other = (id: number): number => (id < 256 ? id : 1000 - id);
  return {
    ...network,
    identities: new Map([...identities].map(([id, labels]) => [other(id), labels])),
    matrix: {
      ...matrix,
      peers: matrix.peers.map((peer) => ({ ...peer, id: other(peer.id) })).reverse(),
      pairs: matrix.pairs
        .map((pair) => ({ ...pair, from: other(pair.from), to: other(pair.to) }))
        .reverse(),
    },
  };
}

/** By what jest prints snapshots with. */
function printed(network: Network, value: unknown): string {
  return format(value, { plugins: [identitySerializer(network)] });
}

describe('a snapshot', () => {
  it('of a matrix names who can talk to whom, whatever their numbers', async () => {
    const network = await networkOf(fleet());
    const text = printed(network, network.matrix);
    expect(text).toContain('"from": "{class=tie}"');
    expect(text).not.toMatch(/: \d{3}/);
    const other = renumbered(network);
    expect(other.matrix.pairs).not.toEqual(network.matrix.pairs);
    expect(printed(other, other.matrix)).toBe(text);
  });

  it('of rows and of who is at an end has labels for numbers', async () => {
    const app = fleet();
    const network = await networkOf(app);
    const { state, allocation } = await synthesizeDocument(app.toDocument());
    const id = allocation.idOf({ class: 'tie' });
    const text = printed(network, { sourceIdentity: id, inside: [{ identity: 1 }], other: id });
    expect(text).toContain('"sourceIdentity": "{class=tie}"');
    expect(text).toContain('"identity": "host"');
    expect(text).toContain(`"other": ${id}`);
    const devices = printed(
      network,
      state.resources.filter(({ key }) => key === 'plumb_devices'),
    );
    expect(devices).toContain('"identity": "{class=xwing}"');
    expect(devices).not.toContain('Uint8Array');
  });

  it('is printed alike by vitest', async () => {
    const network = await networkOf(fleet());
    expect.addSnapshotSerializer(identitySerializer(network));
    expect({ identity: 256, names: [{ identity: 1 }] }).toMatchInlineSnapshot(`
      {
        "identity": "{class=tie}",
        "names": [
          {
            "identity": "host",
          },
        ],
      }
    `);
  });
});
