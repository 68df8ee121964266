import type { Kind } from '../kind.js';

export const netns: Kind<'netns'> = {
  name: 'netns',
  keyOf: ({ name }) => name,
  normalize: ({ name }) => ({ name }),
  changeFor: () => 'replace',
};
