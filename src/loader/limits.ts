import { PlumbError } from '../model/error.js';

const MIB = 1 << 20;

/** A timer that is later than this was held up by other work of this thread. */
const LATE_MS = 50;
const GRACE_MS = 200;

/** A bound on memory (V8's heap below `memoryMiB`; buffers, stacks and Node.js itself come on top), no core dump. */
export function memoryLimit(memoryMiB: number): readonly string[] {
  const data = (memoryMiB + memoryMiB / 2 + 512) * MIB;
  return ['prlimit', `--data=${String(data)}`, '--core=0'];
}

/** Calls `stop` in `ms` unless it is cleared before. */
export function deadline(
  ms: number,
  stop: () => void,
): { clear: () => void; expired: () => boolean } {
  let expired = false;
  const due = performance.now() + ms;
  const expire = (): void => {
    // What the child said meanwhile is still unread then: give this thread the time to read it.
    if (performance.now() - due > LATE_MS) timer = setTimeout(end, GRACE_MS);
    else end();
  };
  const end = (): void => {
    expired = true;
    stop();
  };
  let timer = setTimeout(expire, ms);
  return { clear: () => clearTimeout(timer), expired: () => expired };
}

export const SANDBOX_HINT =
  'Install util-linux (unshare, prlimit, setpriv) and bubblewrap, and let Node.js be run by everybody: all directories above it need to be open.';

/** What env(1), unshare(1) and their like end with when they cannot run, or find, what they are to. */
const CANNOT_RUN = 126;
const NOT_FOUND = 127;

/** A shell's way to tell of signals, and bwrap's: this and the signal's number. */
const SIGNALLED = 128;

/** What ended, and of which program. */
export interface Ended {
  /** Name of the program. */
  readonly program: string;
  /** `the program`, for example. */
  readonly what: string;
  readonly memoryMiB: number;
  readonly status: number | null;
  readonly signal: string | null;
}

/** Why a child ended that said nothing: undefined where it left by itself. */
export function failureOf({ program, what, memoryMiB, ...end }: Ended): PlumbError | undefined {
  const { status, signal } = end;
  if (status === CANNOT_RUN || status === NOT_FOUND) {
    return failed(program, 'the sandbox could not run Node.js', SANDBOX_HINT);
  }
  if (signal === null && (status ?? 0) < SIGNALLED) return undefined;
  const by = signal ?? (status === SIGNALLED + 9 ? 'SIGKILL' : 'SIGABRT');
  return failed(program, `${what} was ended by ${by}`, memoryHint(what, memoryMiB));
}

export function memoryHint(what: string, memoryMiB: number): string {
  return `Make less: ${what} has ${String(memoryMiB)} MiB.`;
}

export function failed(
  program: string,
  message: string,
  hint: string,
  detail?: string,
): PlumbError {
  return new PlumbError('PLB_PROGRAM', message, {
    origin: { path: program, file: program },
    hint,
    ...(detail && { detail }),
  });
}

export function timedOut(program: string, message: string, hint: string): PlumbError {
  return new PlumbError('PLB_PROGRAM_TIMEOUT', message, {
    origin: { path: program, file: program },
    hint,
  });
}
