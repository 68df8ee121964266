import { addon } from './addon.js';
import { checked } from './error.js';
import { Handle, openId, openPinned } from './handle.js';
import { nameOf, PROGRAM_TYPES } from './types.js';

export class BpfProgram extends Handle {
  /** @param {string} path */
  static openPinned(path) {
    return new BpfProgram(openPinned(path));
  }

  /** @param {number} id */
  static openId(id) {
    return new BpfProgram(openId('program', id));
  }

  info() {
    const { errno, type, tag, ...info } = checked(addon.programInfo(this.fd), 'describe program');
    return { ...info, type: nameOf(PROGRAM_TYPES, type), tag: Buffer.from(tag).toString('hex') };
  }

  /** @param {import('../index.js').TestRunOptions} o */
  async testRun({ data, ifindex, ingressIfindex = 0, mark = 0, repeat = 0, netns = '' }) {
    const ifindexes = ifindex === undefined ? new Uint32Array() : Uint32Array.of(ifindex);
    const run = checked(
      await addon.run(this.fd, [data], ifindexes, ingressIfindex, mark, repeat, netns),
      'test run',
    );
    const [retval, duration] = [run.retvals[0], run.durations[0]];
    return { retval, duration, data: run.data, mark: run.mark };
  }

  /** @param {{ packets: Uint8Array[], ifindexes?: Uint32Array, netns?: string }} o */
  async testRunBatch({ packets, ifindexes = new Uint32Array(), netns = '' }) {
    if (ifindexes.length !== 0 && ifindexes.length !== packets.length) {
      throw new RangeError('one ifindex for each packet, or none');
    }
    const { retvals, durations } = checked(
      await addon.run(this.fd, packets, ifindexes, 0, 0, 0, netns),
      'test run',
    );
    return { retvals, durations };
  }
}
