import type { Kind } from '../kind.js';
import type { Attributes, ListenerSpec, NamesSpec } from '../state.js';

/** There is one on a node. Its listeners come before what leads to them, and go after it. */
export const proxy: Kind<'proxy'> = {
  name: 'proxy',
  keyOf: () => 'proxy',
  normalize: ({ version, mode, netns, cgroup, listeners, running, names }) => ({
    version,
    mode,
    ...(netns === undefined ? {} : { netns }),
    ...(cgroup === undefined ? {} : { cgroup }),
    listeners: [...listeners].sort((a, b) => a.id - b.id).map(normalizeListener),
    running,
    ...(names === undefined ? {} : { names }),
  }),
  changeFor: (differs) => (differs.includes('version') ? 'replace' : 'update'),
};

function normalizeListener(given: ListenerSpec): ListenerSpec {
  const { id, protocol, direction, plugin, denyBody, port, rules } = given;
  return {
    id,
    protocol,
    direction,
    ...(plugin === undefined ? {} : { plugin }),
    ...(denyBody === undefined ? {} : { denyBody }),
    ...(port === undefined ? {} : { port }),
    rules,
  };
}

/** Both proxies' listeners, for as long as packets may still be on their way to the former's. */
export function withListenersOf(
  next: Attributes['proxy'],
  former: Attributes['proxy'],
): Attributes['proxy'] {
  const ids = new Set(next.listeners.map(({ id }) => id));
  const ports = new Set(next.listeners.map(({ port }) => port ?? 0));
  // What leaves with the mode, or gives its port away, has nobody on the way to it any more.
  const leaving = former.listeners.filter(
    ({ id, port }) =>
      next.mode === former.mode && !ids.has(id) && (port === undefined || !ports.has(port)),
  );
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
