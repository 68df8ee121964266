import { Args } from '@oclif/core';
import { probe } from '../../engine.js';
import { lintNode } from '../../engine/lint-node.js';
import { renderLints } from '../../report/lints.js';
import { renderProbes } from '../../report/probes.js';
import { PlumbCommand } from '../base.js';
import { nodeFlag } from '../flags.js';

export default class Doctor extends PlumbCommand {
  static override summary = 'Say what this kernel can and cannot do for plumb.';

  static override description =
    'Also what of others on this node will clash with the applied program, or with the one that is named.';
  static override args = {
    program: Args.string({ description: 'the program; the applied one, if any, by default' }),
  };
  static override flags = { node: nodeFlag };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Doctor);
    const probes = await probe(flags);
    this.log(renderProbes(probes, { colour: this.colour }));
    const lints = await lintNode({ ...flags, program: args.program });
    if (lints.length > 0) {
      this.log(`\n${renderLints(lints, { colour: this.colour, width: this.width })}`);
    }
    if (probes.some(({ ok, only }) => !ok && only === undefined)) process.exitCode = 1;
    return { version: 1, probes, lints };
  }
}
