import type { Kind } from '../kind.js';

/** A table of ours, replaced as a whole in one transaction. */
export const nftTable: Kind<'nft-table'> = {
  name: 'nft-table',
  keyOf: ({ family, name }) => `${family} ${name}`,
  normalize: ({ family, name, chains, rules }) => ({
    family,
    name,
    chains: chains
      .map(({ name: chain, type, hook, prio, policy }) => ({
        name: chain,
        type,
        hook,
        prio,
        policy,
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    rules: rules
      .map(({ chain, expr }) => ({ chain, expr }))
      .sort((a, b) => (a.chain === b.chain ? 0 : a.chain < b.chain ? -1 : 1)),
  }),
  changeFor: () => 'update',
};
