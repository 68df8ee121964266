import { PlumbCommand } from '../base.js';

export default class Doctor extends PlumbCommand {
  static override summary = 'Say what this kernel can and cannot do for plumb.';

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Doctor);
    // Loaded late: the other commands must not wait for the native packages.
    const { probeKernel } = await import('../../kernel/probe.js');
    const { renderProbes } = await import('../../report/probes.js');
    const probes = await probeKernel(flags);
    this.log(renderProbes(probes, { colour: this.colour }));
    if (probes.some((probe) => !probe.ok)) process.exitCode = 1;
    return probes;
  }
}
