import { Args, Flags } from '@oclif/core';
import { drawMatrix } from '../../engine/draw.js';
import { matrix } from '../../engine/matrix.js';
import { MOST_PEERS } from '../../report/graph.js';
import { renderMatrix, renderMatrixMarkdown } from '../../report/matrix.js';
import { PlumbCommand } from '../base.js';
import { manifestsFlag, nodeFlag } from '../flags.js';
import { writePrivately } from '../write-privately.js';

export default class MatrixCommand extends PlumbCommand {
  static override summary = 'Show who can talk to whom, by ports that rules name.';
  static override description =
    'Every pair of identities with an end on this node, with the host, the world, nodes, and prefixes and names of rules. The applied program is asked when none is named; a named one is compiled, without privileges.';
  static override args = {
    program: Args.string({ description: 'the program; the applied one by default' }),
  };
  static override flags = {
    node: nodeFlag,
    manifests: manifestsFlag,
    markdown: Flags.boolean({
      description: 'print a table of Markdown',
      exclusive: ['json'],
    }),
    svg: Flags.string({ description: 'also write a picture', helpValue: 'FILE' }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(MatrixCommand);
    const made = await matrix({ ...flags, program: args.program });
    if (flags.svg !== undefined) {
      const drawn = await drawMatrix(made);
      if (typeof drawn === 'number') {
        this.warn(`no picture: ${String(drawn)} peers, and ${String(MOST_PEERS)} are the most`);
      } else await writePrivately(flags.svg, `${drawn}\n`);
    }
    this.log(
      flags.markdown ? renderMatrixMarkdown(made) : renderMatrix(made, { colour: this.colour }),
    );
    return made;
  }
}
