import { Presets, SingleBar } from 'cli-progress';

/** How far an apply is, on a terminal, once it takes long enough to wonder. */
export class Progress {
  #bar: SingleBar | undefined;
  readonly #start = Date.now();

  constructor(private readonly isShown = process.stderr.isTTY) {}

  /** For `onStep` of an apply. */
  readonly step = ({ index, total }: { readonly index: number; readonly total: number }): void => {
    if (!this.isShown || Date.now() - this.#start < WORTH_SHOWING) return;
    if (this.#bar === undefined) {
      const format = 'applying {bar} {value} of {total} steps';
      const options = { format, stream: process.stderr, hideCursor: true, clearOnComplete: true };
      this.#bar = new SingleBar(options, Presets.shades_classic);
      this.#bar.start(total, index);
    }
    this.#bar.update(index + 1);
  };

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

/** Milliseconds. */
const WORTH_SHOWING = 500;
