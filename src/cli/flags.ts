import { Args, Flags } from '@oclif/core';

export const programArg = Args.string({
  description: 'the program',
  default: 'plumb.ts',
});

export const nodeFlag = Flags.string({
  description: "which of the program's nodes; the only one, or the host's name, by default",
  helpValue: 'N',
});

export const manifestsFlag = Flags.string({
  description: 'Kubernetes and Cilium manifests instead of a program: a file, a directory, or -',
  helpValue: 'PATH',
});

export const yesFlag = Flags.boolean({ description: 'do not ask', default: false });

export const quietFlag = Flags.boolean({
  description: 'print nothing but what went wrong',
  default: false,
});

/** `90`, `90s`, `5m` -> milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+)(ms|s|m|h)?$/.exec(text);
  if (match === null) return undefined;
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? 's'] ?? 1000;
  return Number(match[1]) * unit;
}
