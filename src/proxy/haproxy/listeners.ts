import type { HTTPListener, TLSListener } from '../../model/l7.js';
import type { ListenerSpec } from '../../state/state.js';

/** Whether HAProxy runs a listener. */
export function isHaproxys({ protocol }: Pick<ListenerSpec, 'protocol'>): boolean {
  return protocol === 'http' || protocol === 'tls';
}

/** Those that HAProxy runs. */
export function haproxyListeners(
  listeners: readonly ListenerSpec[],
): readonly (HTTPListener | TLSListener)[] {
  return listeners.filter(isHaproxys).map(({ rules, ...rest }) => {
    const listed = rules.map((rule) => ({ rule, origins: [] }));
    // The schema of states leaves rules to those who made them.
    return { ...rest, rules: listed } as unknown as HTTPListener | TLSListener;
  });
}
