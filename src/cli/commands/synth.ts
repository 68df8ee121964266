import { synthesize, writeLock } from '../../engine/desired.js';
import { stateDocument } from '../../engine.js';
import { renderState } from '../../report/state.js';
import { PlumbCommand } from '../base.js';
import { manifestsFlag, nodeFlag, programArg } from '../flags.js';

export default class Synth extends PlumbCommand {
  static override summary =
    'Show the kernel state that a program means; records new identity numbers.';
  static override args = { program: programArg };
  static override flags = { node: nodeFlag, manifests: manifestsFlag };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Synth);
    const desired = await synthesize(args.program, flags);
    for (const warning of desired.warnings) this.warn(warning);
    await writeLock(desired);
    this.log(renderState(desired.state, { colour: this.colour, width: this.width }));
    return stateDocument(desired.state);
  }
}
