import type { PacketEvent } from '../kernel/events.js';
import { EVENT_VERSION, type ExplainedEvent, type LostEvents } from '../report/event.js';
import type { Where } from '../engine.js';
import { AppliedProgram } from './applied.js';
import { explainEvent } from './explain-event.js';
import { isoTime } from './iso-time.js';

export interface Monitor {
  /** Hands on what is waiting in the ring buffer now. */
  drain(): number;
  close(): void;
}

export interface MonitorListener {
  onEvent(event: ExplainedEvent): void;
  onLost(lost: LostEvents): void;
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
  const timer = setInterval(tellLost, EVERY_MS);
  return {
    drain: () => stream.drain(),
    close: () => {
      clearInterval(timer);
      tellLost();
      stream.close();
      names.close();
      counters.close();
    },
  };
}
