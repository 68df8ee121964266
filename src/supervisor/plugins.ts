import { kernelSockets } from '../kernel/dns-sockets.js';
import { pluginOf } from '../plugins/registry.js';
import type { PluginRule } from '../plugins/plugin.js';
import { filterSession } from '../proxy/plugins/session.js';
import { recordOfPlugin } from '../proxy/record.js';
import { proxyWays, type RedirectMode } from '../state/proxy-names.js';
import type { Attributes, ListenerSpec } from '../state/state.js';
import type { Records } from './records.js';
import type { Sockets } from './sockets.js';

export interface PluginsOptions {
  /** Path of the namespace that they are in. */
  readonly netns: string | undefined;
  readonly mode: RedirectMode;
  readonly records: Records;
}

const CONNECTED_WITHIN = 5_000;

/** The listeners of protocol plug-ins in one place. Rules of a listener never change: its id would. */
export class Plugins {
  readonly #open = new Map<number, { close(): void }>();

  constructor(private readonly options: PluginsOptions) {}

  run({ listeners }: Attributes['proxy'], sockets: Sockets, opened: readonly number[]): void {
    const own = listeners.filter(({ protocol }) => protocol === 'plugin');
    const ids = new Set(own.map(({ id }) => id));
    for (const [id, server] of this.#open) {
      if (ids.has(id)) continue;
      server.close();
      this.#open.delete(id);
    }
    for (const listener of own) {
      if (opened.includes(listener.id)) this.#listen(listener, sockets.give(listener.id).tcp);
    }
  }

  close(): void {
    for (const server of this.#open.values()) server.close();
    this.#open.clear();
  }

  #listen({ id, direction, plugin: name = '', rules }: ListenerSpec, fd: number): void {
    const plugin = pluginOf(name);
    const { netns, mode, records } = this.options;
    const device = proxyWays(mode)[direction].inside;
    const sockets = kernelSockets({ ...(netns === undefined ? {} : { netns }), device });
    const server = sockets.listenStreams(fd, (client, path) => {
      const { source, destination, destinationPort: port } = path;
      client.pause();
      client.on('error', () => undefined);
      // One that there is no more: nothing can be judged.
      if (plugin === undefined) {
        client.destroy();
        return;
      }
      sockets.connectStream({ source, destination, port }, CONNECTED_WITHIN).then(
        (upstream) => {
          if (client.destroyed) {
            upstream.destroy();
            return;
          }
          filterSession(client, upstream, {
            plugin,
            rules: rules as readonly PluginRule[],
            onJudged: (judged) => {
              if (!records.isFollowed) return;
              records.add(recordOfPlugin(judged, { protocol: name, listener: id, path }));
            },
          });
          client.resume();
        },
        () => client.destroy(),
      );
    });
    this.#open.set(id, server);
  }
}
