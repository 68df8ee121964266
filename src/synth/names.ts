import { createHash } from 'node:crypto';

/** IFNAMSIZ - 1. */
const MAX_DEVICE_NAME = 15;

function sha(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Host-side device of an endpoint: `lxc<name>`, shortened with a hash where the kernel's 15 characters do not hold it. */
export function deviceName(endpoint: string): string {
  const full = `lxc${endpoint}`;
  if (full.length <= MAX_DEVICE_NAME) return full;
  return `lxc${endpoint.slice(0, 6)}${sha(endpoint).toString('hex').slice(0, 6)}`;
}

/** Locally administered unicast MAC, the same for the same node, endpoint and end on every run. */
export function macAddress(node: string, endpoint: string, end: 'host' | 'endpoint'): string {
  const bytes = sha(`${node}/${endpoint}/${end}`).subarray(0, 6);
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
