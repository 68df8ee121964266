import type { Kind } from '../kind.js';

/** A map's shape is fixed when it is made. */
export const bpfMap: Kind<'bpf-map'> = {
  name: 'bpf-map',
  keyOf: ({ name }) => name,
  normalize: ({ name, type, keySize, valueSize, maxEntries }) => ({
    name,
    type,
    keySize,
    valueSize,
    maxEntries,
  }),
  changeFor: () => 'replace',
};
