/** `2026-01-31T12:00:00.123456789Z` for nanoseconds since 1970. */
export function isoTime(nanoseconds: bigint): string {
  const whole = new Date(Number(nanoseconds / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}Z`;
}

/** `1769860800.123456789`, seconds since 1970. */
export function unixTime(nanoseconds: bigint): string {
  const [seconds, rest] = [nanoseconds / 1_000_000_000n, nanoseconds % 1_000_000_000n];
  return `${String(seconds)}.${String(rest).padStart(9, '0')}`;
}
