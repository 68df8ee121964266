import { Args, Flags } from '@oclif/core';
import { explain } from '../../engine/explain.js';
import { renderVerdict } from '../../report/verdict.js';
import { PlumbCommand } from '../base.js';
import { manifestsFlag, nodeFlag } from '../flags.js';

export default class Verdict extends PlumbCommand {
  static override summary = 'Say whether a connection is allowed, and by which rule at which line.';
  static override description =
    'FROM and TO are an endpoint, a service (TO), labels (org=empire,class=deathstar), a reserved identity (host, world) or an address. Exits with 0 whether allowed or not; see "allowed" in --json.';
  static override args = {
    from: Args.string({ required: true, description: 'who opens the connection' }),
    to: Args.string({ required: true, description: 'whom to' }),
    port: Args.string({
      required: true,
      description: 'PORT[/PROTO], TCP by default; or ICMP/TYPE',
    }),
  };
  static override flags = {
    node: nodeFlag,
    manifests: manifestsFlag,
    http: Flags.string({
      description: 'also ask about this request; no rule of this version looks at HTTP',
      helpValue: '"METHOD PATH"',
    }),
    program: Flags.string({
      description: 'the program; the applied one by default',
      helpValue: 'FILE',
    }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Verdict);
    const answer = await explain(args, flags);
    this.log(renderVerdict(answer, { colour: this.colour }));
    return answer;
  }
}
