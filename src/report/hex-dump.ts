const WIDTH = 16;

/** Sixteen bytes a line: offset, hex, and what is printable; each line indented by two. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += WIDTH) {
    const row = [...bytes.subarray(at, at + WIDTH)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));
    lines.push(
      `  ${at.toString(16).padStart(4, '0')}  ${hex.padEnd(3 * WIDTH - 1)}  ${text.join('')}`,
    );
  }
  return lines.join('\n');
}
