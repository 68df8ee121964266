import { closeSync, openSync, writeSync } from 'node:fs';
import { PlumbError } from '../model/error.js';
import type { ExplainedEvent } from '../report/event.js';
import { pcapHeader, pcapRecord } from '../report/pcap.js';

/** A capture file that its owner alone may read: it holds what endpoints say to each other. */
export class PcapFile {
  readonly #fd: number;

  /** Replaces what was there. @throws PlumbError PLB_PCAP_FILE */
  constructor(path: string) {
    try {
      this.#fd = openSync(path, 'w', 0o600);
    } catch (cause) {
      throw new PlumbError('PLB_PCAP_FILE', `${path} cannot be written`, {
        hint: 'Name a file in a directory that is there and may be written.',
        cause,
      });
    }
    writeSync(this.#fd, pcapHeader());
  }

  /** Written at once, so that a reader may follow; an event without bytes is left out. */
  write(event: ExplainedEvent): void {
    const record = pcapRecord(event);
    if (record !== undefined) writeSync(this.#fd, record);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
