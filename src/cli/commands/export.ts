import { Flags } from '@oclif/core';
import { exportManifests } from '../../engine/export.js';
import { PlumbCommand } from '../base.js';
import { manifestsFlag, nodeFlag, programArg } from '../flags.js';

export default class Export extends PlumbCommand {
  static override summary = "Write a program's policies as Kubernetes or Cilium manifests.";
  static override description =
    'Endpoints are written as Pods, so that the manifests can be checked by themselves. What the format has no words for is an error that lists it, and then nothing is written.';
  static override args = { program: programArg };
  static override flags = {
    node: nodeFlag,
    manifests: manifestsFlag,
    format: Flags.string({
      description: 'whose policies',
      options: ['cilium', 'kubernetes'],
      default: 'cilium',
    }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Export);
    const format = flags.format === 'kubernetes' ? 'kubernetes' : 'cilium';
    const { yaml, manifests } = await exportManifests(args.program, { ...flags, format });
    this.log(yaml.trimEnd());
    return { version: 1, format, manifests };
  }
}
