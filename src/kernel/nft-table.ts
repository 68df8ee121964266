import { resource } from '../state/kinds.js';
import type { Json } from '../state/canonical-json.js';
import type { Attributes, NftChain, NftRule, PlainResource } from '../state/state.js';
import { failedWith } from './errno.js';
import type { Instance } from './instance.js';
import { nft } from './native.js';
import type { WriteContext } from './write-context.js';

type Table = Attributes['nft-table'];

interface Listed {
  readonly nftables?: readonly {
    readonly table?: { readonly family: Table['family']; readonly name: string };
    readonly chain?: NftChain & { readonly table: string };
    readonly rule?: { readonly chain: string; readonly expr: readonly Json[] };
  }[];
}

const OURS = /^plumb(_|$)/;
/** A kernel without nf_tables holds no tables. */
const NONE = ['EOPNOTSUPP', 'EPROTONOSUPPORT', 'EINVAL'];

/** Tables whose names are ours, as a whole. */
export async function readNftTables(instance: Instance): Promise<PlainResource<'nft-table'>[]> {
  const { nftables = [] } = await list(instance, { tables: null });
  const names = nftables.flatMap(({ table }) => (table && OURS.test(table.name) ? [table] : []));
  const found: PlainResource<'nft-table'>[] = [];
  for (const { family, name } of names) {
    const { nftables: parts = [] } = await list(instance, { table: { family, name } });
    const chains = parts.flatMap(({ chain }) => (chain === undefined ? [] : [chain]));
    const rules = parts.flatMap(({ rule }): NftRule[] =>
      rule === undefined ? [] : [{ chain: rule.chain, expr: rule.expr }],
    );
    found.push(resource('nft-table', { family, name, chains, rules }));
  }
  return found;
}

async function list({ netnsPath }: Instance, what: object): Promise<Listed> {
  try {
    return await run(netnsPath, [{ list: what }]);
  } catch (error) {
    if (failedWith(error, ...NONE)) return {};
    throw error;
  }
}

async function run(netns: string | undefined, commands: readonly object[]): Promise<Listed> {
  const json = { nftables: commands };
  return await nft({ json, ...(netns === undefined ? {} : { netns }) });
}

/** In one transaction: no packet meets half a table. */
export async function writeNftTable({ instance }: WriteContext, table: Table): Promise<void> {
  const { family, name, chains, rules } = table;
  const made = { table: { family, name } };
  await run(instance.netnsPath, [
    { add: made },
    { delete: made },
    { add: made },
    ...chains.map((chain) => ({ add: { chain: { family, table: name, ...chain } } })),
    ...rules.map((rule) => ({ add: { rule: { family, table: name, ...rule } } })),
  ]);
}

export async function deleteNftTable({ instance }: WriteContext, table: Table): Promise<void> {
  const { family, name } = table;
  try {
    await run(instance.netnsPath, [{ delete: { table: { family, name } } }]);
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) throw error;
  }
}
