import { readActual, stateDocument } from '../../engine.js';
import { renderState } from '../../report/state.js';
import { PlumbCommand } from '../base.js';

export default class Show extends PlumbCommand {
  static override summary = 'Show what the kernel holds of ours, decoded.';

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Show);
    const state = await readActual(flags);
    this.log(
      state.resources.length === 0
        ? 'nothing of ours here'
        : renderState(state, { colour: this.colour, width: this.width }),
    );
    return stateDocument(state);
  }
}
