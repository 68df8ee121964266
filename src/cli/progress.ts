import { Presets, SingleBar } from 'cli-progress';

interface ProgressOptions {
  readonly isShown: boolean;
  /** Standard error by default. */
  readonly stream?: NodeJS.WritableStream;
  /** Milliseconds before anything is shown; half a second by default. */
  readonly patience?: number;
}

/** How far an apply is, on a terminal, once it takes long enough to wonder. */
export class Progress {
  #bar: SingleBar | undefined;
  readonly #start = Date.now();

  constructor(private readonly options: ProgressOptions) {}

  /** For `onStep` of an apply. */
  readonly step = ({ index, total, state }: Readonly<StepReport>): void => {
    const { isShown, stream = process.stderr, patience = WORTH_SHOWING } = this.options;
    if (!isShown || Date.now() - this.#start < patience) return;
    if (this.#bar === undefined) {
      const format = '{what} {bar} {value} of {total} steps';
      const shown = { format, stream, hideCursor: true, clearOnComplete: true };
      this.#bar = new SingleBar(shown, Presets.shades_classic);
      this.#bar.start(total, index, { what: WHAT[state] });
    }
    this.#bar.update(state === 'done' ? index + 1 : index, { what: WHAT[state] });
  };

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

interface StepReport {
  /** Position in the plan, from 0. */
  readonly index: number;
  readonly total: number;
  readonly state: 'started' | 'done' | 'undone';
}

const WHAT = { started: 'applying', done: 'applying', undone: 'undoing' } as const;
const WORTH_SHOWING = 500;
