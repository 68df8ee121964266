import { portText } from '../plan/describe.js';
import type { Row } from '../state/codec.js';
import { SCOPE_OUTSIDE, SERVICE_MAGLEV } from '../state/layout-services.js';
import type { MapName } from '../state/layout.js';

const MAPS: readonly MapName[] = ['plumb_services', 'plumb_backends', 'plumb_members'];
/** Bits of a table's key that name one port. */
const ONE_PORT = 64;

export function isServiceRow(map: MapName): boolean {
  return MAPS.includes(map);
}

/** `10.96.0.1 80/TCP -> 3 slots of back-ends 4f1c2b3a`, `slot 2 -> 10.1.0.11:8080`. */
export function serviceRowText(map: MapName, { key, value }: Row): string {
  const name = serviceKeyText(map, key);
  if (map === 'plumb_backends') return `${name} -> ${end(value)}`;
  if (map !== 'plumb_services') return name;
  if (key['protocol'] === 0) return `${name} -> a service's, and no other's`;
  const slots = Number(value['slots']);
  const by = (Number(value['flags']) & SERVICE_MAGLEV) === 0 ? '' : ' by Maglev';
  const stay = Number(value['affinity']) === 0 ? '' : `, affinity ${String(value['affinity'])} s`;
  const set = Number(value['set']).toString(16).padStart(8, '0').slice(0, 4);
  const where = slots === 0 ? 'no back-end' : `${String(slots)} slots of back-ends ${set}${by}`;
  return `${name} -> ${where}${stay}`;
}

export function serviceKeyText(map: MapName, key: Row['key']): string {
  if (map === 'plumb_backends') return `slot ${String(key['slot'])}`;
  if (map === 'plumb_members') return end(key);
  const address = String(key['address']);
  if (key['protocol'] === 0) return address;
  const port = portText(ONE_PORT, Number(key['protocol']), Number(key['port']));
  return `${address} ${port}${key['scope'] === SCOPE_OUTSIDE ? ' from outside' : ''}`;
}

/** `10.1.0.11:8080`, `[fd00::11]:8080`. */
function end({ address, port }: Row['value']): string {
  const text = String(address);
  return `${text.includes(':') ? `[${text}]` : text}:${String(port)}`;
}
