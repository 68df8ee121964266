import type { Kind } from '../kind.js';

/** Another object or other features are loaded beside the old program and swapped in by one filter replace. */
export const bpfProgram: Kind<'bpf-program'> = {
  name: 'bpf-program',
  keyOf: ({ name }) => name,
  normalize: ({ name, object, features }) => ({
    name,
    object,
    features: Object.fromEntries(Object.entries(features).sort(([a], [b]) => (a < b ? -1 : 1))),
  }),
  changeFor: () => 'update',
};
