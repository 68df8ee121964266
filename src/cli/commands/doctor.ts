import { probe } from '../../engine.js';
import { renderProbes } from '../../report/probes.js';
import { PlumbCommand } from '../base.js';

export default class Doctor extends PlumbCommand {
  static override summary = 'Say what this kernel can and cannot do for plumb.';

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Doctor);
    const probes = await probe(flags);
    this.log(renderProbes(probes, { colour: this.colour }));
    if (probes.some((probe) => !probe.ok)) process.exitCode = 1;
    return probes;
  }
}
