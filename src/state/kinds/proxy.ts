import type { Kind } from '../kind.js';
import type { Attributes, ListenerSpec, NamesSpec } from '../state.js';

/** There is one on a node. Its listeners come before what leads to them, and go after it. */
export const proxy: Kind<'proxy'> = {
  name: 'proxy',
  keyOf: () => 'proxy',
  normalize: ({ mode, netns, listeners, running, names }) => ({
    mode,
    netns,
    listeners: [...listeners].sort((a, b) => a.id - b.id).map(normalizeListener),
    running,
    ...(names === undefined ? {} : { names }),
  }),
  changeFor: (differs) => (differs.some((name) => name === 'netns') ? 'replace' : 'update'),
};

function normalizeListener(given: ListenerSpec): ListenerSpec {
  const { id, protocol, direction, plugin, denyBody, rules } = given;
  return {
    id,
    protocol,
    direction,
    ...(plugin === undefined ? {} : { plugin }),
    ...(denyBody === undefined ? {} : { denyBody }),
    rules,
  };
}

/** Both proxies' listeners, for as long as packets may still be on their way to the former's. */
export function withListenersOf(
  next: Attributes['proxy'],
  former: Attributes['proxy'],
): Attributes['proxy'] {
  const ids = new Set(next.listeners.map(({ id }) => id));
  const leaving = former.listeners.filter(({ id }) => !ids.has(id));
  const { names, ...rest } = next;
  const both = names === undefined ? undefined : namesOfBoth(names, former.names);
  return proxy.normalize({
    ...rest,
    listeners: [...next.listeners, ...leaving],
    ...(both === undefined ? {} : { names: both }),
  });
}

/** Whose class changes has none until the policy that it is of holds: that lets nothing through. */
function namesOfBoth(next: NamesSpec, former: NamesSpec | undefined): NamesSpec {
  const classes = Object.entries(next.classes).filter(
    ([content, id]) => former?.classes[content] === id,
  );
  return { ...next, classes: Object.fromEntries(classes) };
}
