import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PacketEvent } from '../kernel/events.js';
import { EVENT_VERSION, type ExplainedEvent, type LostEvents } from '../report/event.js';
import type { RequestRecord } from '../proxy/record.js';
import type { ExplainedRequest } from '../report/request.js';
import type { Where } from '../engine.js';
import { AppliedProgram } from './applied.js';
import { explainEvent } from './explain-event.js';
import { explainRequest } from './explain-request.js';
import { isoTime } from './iso-time.js';

export interface Monitor {
  /** Hands on what is waiting in the ring buffer now. */
  drain(): number;
  close(): void;
}

export interface MonitorListener {
  onEvent(event: ExplainedEvent): void;
  onLost(lost: LostEvents): void;
  /** Of requests that come from now on. */
  onRequest(request: ExplainedRequest): void;
}

/** How often lost events are looked for. */
const EVERY_MS = 500;

/**
 * Listens to a node's events until closed, told in the words of the program that is applied.
 * @throws PlumbError PLB_NOTHING_APPLIED
 */
export async function openMonitor(where: Where, listener: MonitorListener): Promise<Monitor> {
  const [{ openInstance }, events, { openCounters }, { openDeviceNames }, { provenancePath }] =
    await Promise.all([
      import('../kernel/instance.js'),
      import('../kernel/events.js'),
      import('../kernel/counters.js'),
      import('../kernel/device-names.js'),
      import('../apply/provenance.js'),
    ]);
  const instance = openInstance(where);
  const counters = openCounters(instance);
  const applied = new AppliedProgram(provenancePath(instance));
  const names = await openDeviceNames(instance);
  const offset = events.realtimeOffset();
  let seen = counters.read()['events-lost'];
  const tellLost = (): void => {
    const lost = counters.read()['events-lost'];
    if (lost > seen) {
      const time = isoTime(process.hrtime.bigint() + offset);
      const count = Number(lost - seen);
      listener.onLost({ version: EVENT_VERSION, type: 'lost', time, events: count });
    }
    seen = lost;
  };
  const stream = events.openEvents(instance, (event: PacketEvent) => {
    const device = names.nameOf(event.ifindex);
    listener.onEvent(explainEvent(event, applied.current, { offset, device }));
  });
  const requests = new AbortController();
  followRequests(instance.runDir, requests.signal, (record) => {
    listener.onRequest(explainRequest(record, applied.current));
  });
  const timer = setInterval(tellLost, EVERY_MS);
  return {
    drain: () => stream.drain(),
    close: () => {
      clearInterval(timer);
      requests.abort();
      tellLost();
      stream.close();
      names.close();
      counters.close();
    },
  };
}

/** Where no proxy runs, or one starts anew, looks again. */
function followRequests(
  runDir: string,
  signal: AbortSignal,
  onRecord: (record: RequestRecord) => void,
): void {
  void (async () => {
    const { openRecords } = await import('../proxy/control.js');
    while (!signal.aborted) {
      try {
        const stream = await openRecords(runDir, signal);
        if (stream !== undefined) {
          for await (const line of createInterface({ input: stream })) {
            onRecord(JSON.parse(line) as RequestRecord);
          }
        }
      } catch {
        // The proxy went away, or the monitor is closed.
      }
      await sleep(EVERY_MS, undefined, { ref: false });
    }
  })();
}
