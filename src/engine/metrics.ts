import type { Where } from '../engine.js';
import type { Metrics } from '../report/metrics.js';
import { AppliedProgram } from './applied.js';
import { byReason, ruleUse } from './rule-use.js';

/**
 * What a node's datapath has counted, in the words of the program that is applied. Changes nothing.
 * @throws PlumbError PLB_NOTHING_APPLIED
 */
export async function nodeMetrics(where: Where): Promise<Metrics> {
  const kernel = await loadKernel();
  const instance = kernel.openInstance(where);
  const rows = await kernel.readMetrics(instance);
  const counted = kernel.openCounters(instance);
  const pinned = await kernel.openPinnedMaps(instance);
  try {
    const counters = counted.read();
    const opened = Number(counters['flows-opened']);
    const removed = Number(counters['flows-removed']);
    const maps = await kernel.readMapUse(pinned);
    const conntrack = maps.find(({ map }) => map === 'plumb_conntrack');
    const { entries, capacity } = conntrack ?? { entries: 0, capacity: 0 };
    const config = pinned.get('plumb_config');
    const epoch = config && kernel.readConfig(config).epoch;
    const programs = await kernel.readPrograms(instance, pinned, kernel.openDatapath);
    const applied = new AppliedProgram(kernel.provenancePath(instance)).current;
    const use = applied === undefined ? UNKNOWN : ruleUse(rows, applied);
    return {
      version: 1,
      instance: instance.name,
      generation: epoch?.generation ?? 0,
      activeBuffer: epoch?.active ?? 0,
      programs: programs.map(({ resource: { attributes } }) => ({
        name: attributes.name,
        object: attributes.object,
      })),
      packets: byReason(rows),
      hasProgram: applied !== undefined,
      ...use,
      maps,
      conntrack: {
        ...{ entries, live: await kernel.countLiveFlows(pinned), capacity, opened, removed },
        // A map that is older than its counters has entries that they do not know.
        evicted: Math.max(0, opened - removed - entries),
      },
      eventsLost: Number(counters['events-lost']),
      packetsUncounted: Number(counters['packets-uncounted']),
    };
  } finally {
    pinned.close();
    counted.close();
  }
}

const UNKNOWN = { rules: [], otherPolicies: { packets: 0, bytes: 0 } };

async function loadKernel() {
  const [instance, maps, metrics, counters, use, epoch, programs, datapath, provenance] =
    await Promise.all([
      import('../kernel/instance.js'),
      import('../kernel/bpf-map.js'),
      import('../kernel/metrics.js'),
      import('../kernel/counters.js'),
      import('../kernel/map-use.js'),
      import('../kernel/epoch.js'),
      import('../kernel/bpf-program.js'),
      import('../kernel/datapath.js'),
      import('../apply/provenance.js'),
    ]);
  return {
    openInstance: instance.openInstance,
    openPinnedMaps: maps.openPinnedMaps,
    readMetrics: metrics.readMetrics,
    openCounters: counters.openCounters,
    readMapUse: use.readMapUse,
    countLiveFlows: use.countLiveFlows,
    readConfig: epoch.readConfig,
    readPrograms: programs.readPrograms,
    openDatapath: () => datapath.openDatapath(),
    provenancePath: provenance.provenancePath,
  };
}
