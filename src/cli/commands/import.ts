import { writeFile } from 'node:fs/promises';
import { Args, Flags } from '@oclif/core';
import { PlumbError } from '../../model/error.js';
import { importManifests } from '../../engine/import.js';
import { PlumbCommand } from '../base.js';

export default class Import extends PlumbCommand {
  static override summary = 'Write a program that means what Kubernetes and Cilium manifests mean.';
  static override description =
    'Reads *.yaml, *.yml and *.json. What cannot be expressed is an error, and then nothing is written. A file that exists is not overwritten.';
  static override args = {
    path: Args.string({
      required: true,
      description: 'a file, a directory, or - for standard input',
    }),
  };
  static override flags = {
    out: Flags.string({
      description: 'write the program here, not to standard output',
      helpValue: 'FILE',
    }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Import);
    const { program, counts, warnings } = await importManifests(args.path);
    for (const warning of warnings) this.warn(warning);
    if (flags.out === undefined) this.log(program.trimEnd());
    else {
      await writeNew(flags.out, program);
      const made = Object.entries(counts).map(([name, count]) => `${String(count)} ${name}`);
      this.log(`${flags.out}: ${made.join(', ')}`);
    }
    return { version: 1, program, counts };
  }
}

/** @throws PlumbError PLB_IMPORT_OUT */
async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const message = exists ? `${path} is there already` : `${path} cannot be written`;
    throw new PlumbError('PLB_IMPORT_OUT', message, {
      hint: 'Give the program another name, or remove that file first.',
      cause,
    });
  }
}
