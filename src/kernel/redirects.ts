import { join } from 'node:path';
import { decodeValue, encodeKey } from '../state/codec.js';
import { failedWith } from './errno.js';
import { BpfMap } from './native.js';

/** A datagram as a proxy's socket sees it. */
export interface SeenPath {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

const UDP = 17;

/**
 * The port that a client of a listener asked for in mode nat (plumb_redirects); undefined for what no
 * listener got. `maps`: directory of the pinned maps.
 */
export function askedPort(
  maps: string,
  { source, sourcePort, destination, destinationPort }: SeenPath,
): number | undefined {
  const map = BpfMap.openPinned(join(maps, 'plumb_redirects'));
  try {
    const key = encodeKey('plumb_redirects', {
      client: source,
      server: destination,
      clientPort: sourcePort,
      port: destinationPort,
      protocol: UDP,
    });
    const value = map.lookup(key);
    if (value === undefined) return undefined;
    return Number(decodeValue('plumb_redirects', value)['port']);
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return undefined;
    throw error;
  } finally {
    map.close();
  }
}
