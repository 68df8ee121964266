import type { PortRange } from '../model/port.js';

/** What a rule with some ranges says, without its peers; the texts are equal for ranges that mean the same. */
export interface PortText {
  readonly ranges: readonly PortRange[];
  readonly allow: string;
  readonly deny: string;
}

/** Ranges as texts. Most rules have one range, and they have few between them. */
export class PortTexts {
  private readonly single = new Map<number, PortText>();

  of(ranges: readonly PortRange[]): PortText {
    const [only] = ranges;
    if (only === undefined || ranges.length > 1) return textOf(ranges);
    const number = (only.protocol * 2 ** 16 + only.from) * 2 ** 16 + only.to;
    const known = this.single.get(number);
    if (known !== undefined) return known;
    const text = textOf(ranges);
    this.single.set(number, text);
    return text;
  }
}

function textOf(ranges: readonly PortRange[]): PortText {
  const texts = ranges.map((r) => `${String(r.protocol)}:${String(r.from)}-${String(r.to)}`);
  const list = [...new Set(texts)].sort().join(',');
  return { ranges, allow: `allow ${list}`, deny: `deny ${list}` };
}
