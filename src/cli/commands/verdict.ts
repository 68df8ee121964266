import { text } from 'node:stream/consumers';
import { Args, Flags } from '@oclif/core';
import { questionOfEvent } from '../../engine/event-question.js';
import { parseRequest } from '../../engine/explain-filter.js';
import { explain, type VerdictQuestion } from '../../engine/explain.js';
import { PlumbError } from '../../model/error.js';
import { renderVerdict } from '../../report/verdict.js';
import { PlumbCommand } from '../base.js';
import { manifestsFlag, nodeFlag } from '../flags.js';

export default class Verdict extends PlumbCommand {
  static override summary = 'Say whether a connection is allowed, and by which rule at which line.';
  static override description =
    'FROM and TO are an endpoint, a service (TO), labels (org=empire,class=deathstar), a reserved identity (host, world) or an address. All three may be left out for --event. Exits with 0 whether allowed or not; see "allowed" in --json.';
  static override args = {
    from: Args.string({ description: 'who opens the connection' }),
    to: Args.string({ description: 'whom to' }),
    port: Args.string({
      description: 'PORT[/PROTO], TCP by default; or ICMP/TYPE',
    }),
  };
  static override flags = {
    node: nodeFlag,
    manifests: manifestsFlag,
    event: Flags.string({
      description:
        'ask about the connection, or the request, of an event instead: JSON of one, or - to read it',
      helpValue: 'JSON|-',
    }),
    http: Flags.string({
      description: 'also ask about this request',
      helpValue: '"METHOD PATH"',
    }),
    header: Flags.string({
      description: 'a header of the request; Host, too',
      helpValue: '"NAME: VALUE"',
      multiple: true,
    }),
    dns: Flags.string({ description: 'also ask about this name in the DNS', helpValue: 'NAME' }),
    sni: Flags.string({
      description: 'also ask about TLS to a server of this name',
      helpValue: 'NAME',
    }),
    l7: Flags.string({
      description: 'also ask about this request to a protocol plug-in, in its words',
      helpValue: '"GET public:1"',
    }),
    program: Flags.string({
      description: 'the program; the applied one by default',
      helpValue: 'FILE',
    }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Verdict);
    const question = await this.question(args, flags.event);
    const request = { ...question.request, ...parseRequest(flags) };
    const answer = await explain({ ...question, request }, flags);
    this.log(renderVerdict(answer, { colour: this.colour }));
    return answer;
  }

  private async question(
    { from, to, port }: Partial<Record<keyof VerdictQuestion, string | undefined>>,
    event: string | undefined,
  ): Promise<VerdictQuestion> {
    if (event !== undefined)
      return questionOfEvent(event === '-' ? await text(process.stdin) : event);
    if (from !== undefined && to !== undefined && port !== undefined) return { from, to, port };
    throw new PlumbError('PLB_QUESTION', 'there is nobody, or no port, to ask about', {
      hint: 'Write plumb verdict FROM TO PORT[/PROTO], or give an event with --event.',
    });
  }
}
