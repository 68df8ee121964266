import type { Listener } from '../model/l7.js';
import type { NodeSpec } from '../model/program.js';
import type { NameClasses } from '../policy/name-classes.js';
import type { Json } from '../state/canonical-json.js';
import { resource } from '../state/kinds.js';
import { PROXY_CGROUP, PROXY_VERSION, type RedirectMode } from '../state/proxy-names.js';
import type { Attributes, ListenerSpec, Resource } from '../state/state.js';
import { listenerPorts } from './listener-ports.js';
import { proxyNamespace, proxyNetns } from './proxy-namespace.js';
import { tproxyResources } from './proxy-tproxy.js';

export function redirectMode({ redirectMode: mode = 'socket' }: NodeSpec): RedirectMode {
  return mode;
}

/** The proxy and the ways to it; nothing where no rule is of layer 7. */
export function proxyResources(
  node: NodeSpec,
  listeners: readonly Listener[],
  mtu: number,
  names: NameClasses | undefined,
): Resource[] {
  if (listeners.length === 0) return [];
  const mode = redirectMode(node);
  const ports = mode === 'socket' ? undefined : listenerPorts(listeners.map(({ id }) => id));
  const specs = listeners.map((listener) => specOf(listener, ports?.get(listener.id)));
  const proxy: Attributes['proxy'] = {
    version: PROXY_VERSION,
    mode,
    ...(mode === 'tproxy' ? {} : { netns: proxyNetns(node) }),
    ...(mode === 'nat' ? { cgroup: PROXY_CGROUP + node.name } : {}),
    listeners: specs,
    running: true,
    ...(names === undefined ? {} : { names }),
  };
  return [
    ...(mode === 'tproxy' ? tproxyResources(node, specs, mtu) : proxyNamespace(node, mtu)),
    resource('proxy', proxy, node.origin),
  ];
}

function specOf(listener: Listener, port: number | undefined): ListenerSpec {
  const { id, protocol, direction, rules } = listener;
  return {
    id,
    protocol,
    direction,
    ...(listener.protocol === 'plugin' ? { plugin: listener.plugin } : {}),
    ...(listener.protocol === 'http' && listener.denyBody !== undefined
      ? { denyBody: listener.denyBody }
      : {}),
    ...(port === undefined ? {} : { port }),
    rules: rules.map(({ rule }) => rule as unknown as Json),
  };
}
