import { PlumbError } from '../model/error.js';
import { formatAddress, parseAddress } from '../model/prefix.js';
import type { ServiceSpec } from '../model/service.js';
import type { VerdictAnswer } from '../report/verdict.js';
import { backendsOf } from '../synth/services.js';
import type { Compiled } from './provenance.js';

/** The service of that name, or at that virtual address. */
export function findService(who: string, { document }: Compiled): ServiceSpec | undefined {
  const address = parseAddress(who);
  const text = address === undefined ? undefined : formatAddress(address);
  return document.services.find(
    ({ name, addresses }) => name === who || (text !== undefined && addresses.includes(text)),
  );
}

/**
 * Policy is about back-ends: each is asked, at the port that it listens on. Where they differ, the
 * answer is that of one that denies, and the note counts.
 * @throws PlumbError PLB_NO_SERVICE for a port that it does not have, or without back-ends
 */
export function answerForService(
  service: ServiceSpec,
  { port, protocol }: { readonly port: number; readonly protocol: string },
  compiled: Compiled,
  ask: (to: string, port: string) => VerdictAnswer,
): VerdictAnswer {
  const at = service.ports.find((one) => one.port === port && one.protocol === protocol);
  const members = [...backendsOf(service, compiled.document).keys()];
  const what = `${String(port)}/${protocol}`;
  if (at === undefined || members.length === 0) {
    const why = at === undefined ? `has no port ${what}` : 'has no back-end';
    throw new PlumbError('PLB_NO_SERVICE', `service ${service.name} ${why}: nothing gets there`, {
      origin: service.origin,
      hint: at === undefined ? `It has ${portsOf(service)}.` : 'Give it a selector or backends.',
    });
  }
  const target = `${String(at.targetPort)}/${protocol}`;
  const answers = members.map((member) => ask(member, target));
  const denied = answers.filter(({ allowed }) => !allowed);
  const [first] = answers as [VerdictAnswer];
  const shown = denied[0] ?? first;
  const split =
    denied.length === 0 || denied.length === answers.length
      ? `all ${String(answers.length)} alike`
      : `${String(denied.length)} of ${String(answers.length)} denied`;
  const note = `service ${service.name} ${what} leads to ${target} of its back-ends, ${split}`;
  return { ...shown, note: [note, shown.note].filter((part) => part !== undefined).join('; ') };
}

function portsOf({ ports }: ServiceSpec): string {
  return ports.map(({ port, protocol }) => `${String(port)}/${protocol}`).join(', ');
}
