import { withListenersOf } from '../state/kinds/proxy.js';
import { resource } from '../state/kinds.js';
import type { PlainResource } from '../state/state.js';
import type { Plain } from './plain-steps.js';
import type { usedSwitches } from './used-switches.js';

/**
 * What stands between two forms of a resource while the policy changes from one that needs the first to
 * one that needs the second; undefined where the second does for both.
 * @param used switches that what is there has use for
 */
export function bridgeBetween(
  before: Plain,
  after: Plain,
  used: ReturnType<typeof usedSwitches>,
): Plain | undefined {
  if (before.kind === 'proxy' && after.kind === 'proxy') return bridgeOfProxy(before, after);
  if (before.kind === 'bpf-program' && after.kind === 'bpf-program') {
    return bridgeOfProgram(before, after, used);
  }
  return undefined;
}

/** The listeners of both, and those names whose class stays. */
function bridgeOfProxy(
  { attributes: former }: PlainResource<'proxy'>,
  after: PlainResource<'proxy'>,
): Plain | undefined {
  const bridge = resource('proxy', withListenersOf(after.attributes, former), after.origin);
  const isSame = JSON.stringify(bridge.attributes) === JSON.stringify(after.attributes);
  return isSame ? undefined : bridge;
}

/** The switches of both. */
function bridgeOfProgram(
  { attributes: former }: PlainResource<'bpf-program'>,
  after: PlainResource<'bpf-program'>,
  used: ReturnType<typeof usedSwitches>,
): Plain | undefined {
  const { name, object, features } = after.attributes;
  // Of another object's program nobody knows.
  const switches = former.object === object ? former.features : used;
  const leaving = Object.keys(switches).filter(
    (feature) => switches[feature] === true && features[feature] === false,
  );
  if (leaving.length === 0) return undefined;
  const both = Object.fromEntries(leaving.map((feature) => [feature, true]));
  return resource(
    'bpf-program',
    { name, object, features: { ...features, ...both } },
    after.origin,
  );
}
