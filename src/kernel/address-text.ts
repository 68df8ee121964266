/** `10.1.0.1/32` in the parts that rtnetlink wants. */
export function addressOperation(prefix: string): { address: string; prefixLength: number } {
  const slash = prefix.indexOf('/');
  return { address: prefix.slice(0, slash), prefixLength: Number(prefix.slice(slash + 1)) };
}
