import { Args, Flags } from '@oclif/core';
import { matrix } from '../../engine/matrix.js';
import { renderMatrixMarkdown } from '../../report/matrix.js';
import { PlumbCommand } from '../base.js';
import { manifestsFlag, nodeFlag } from '../flags.js';

export default class MatrixCommand extends PlumbCommand {
  static override summary = 'Show who can talk to whom, by ports that rules name.';
  static override description =
    'Every pair of identities with an end on this node, with the host and the world. The applied program is asked when none is named; a named one is compiled, without privileges.';
  static override args = {
    program: Args.string({ description: 'the program; the applied one by default' }),
  };
  static override flags = {
    node: nodeFlag,
    manifests: manifestsFlag,
    markdown: Flags.boolean({
      description: 'print a table of Markdown (the default)',
      exclusive: ['json'],
    }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(MatrixCommand);
    const made = await matrix({ ...flags, program: args.program });
    this.log(renderMatrixMarkdown(made));
    return made;
  }
}
