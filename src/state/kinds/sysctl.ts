import type { Kind } from '../kind.js';

/** A setting goes with the device or the namespace that it is of. */
export const sysctl: Kind<'sysctl'> = {
  name: 'sysctl',
  keyOf: ({ netns, name }) => (netns === undefined ? name : `${netns}:${name}`),
  normalize: ({ netns, name, value }) => ({
    ...(netns === undefined ? {} : { netns }),
    name,
    value: value.trim().replace(/\s+/g, ' '),
  }),
  changeFor: () => 'update',
};
