/** `10.1.0.1` -> `10.1.0.1/32`, `fd00::1` -> `fd00::1/128`. */
export function hostPrefix(address: string): string {
  return `${address}/${isIPv6(address) ? '128' : '32'}`;
}

export function isIPv6(address: string): boolean {
  return address.includes(':');
}

export function defaultRoute(address: string): string {
  return isIPv6(address) ? '::/0' : '0.0.0.0/0';
}
