import type { Where } from '../engine.js';
import { PlumbError } from '../model/error.js';
import { RESERVED } from '../model/identity.js';
import { LAST_PORT, PROTOCOLS } from '../model/port.js';
import { formatAddress, parseAddress } from '../model/prefix.js';
import type { EndpointSpec } from '../model/program.js';
import type { VerdictAnswer, VerdictSide, VerdictStep } from '../report/verdict.js';
import type { L7Request } from '../policy/match-l7.js';
import type { Direction } from '../policy/policy-set.js';
import { hex8 } from '../state/columns.js';
import { decide, type DirectionVerdict } from '../verdict/decide.js';
import { explainDirection } from '../verdict/explain.js';
import { identityAt } from './address-identity.js';
import { synthesize } from './desired.js';
import { answerForService, findService } from './explain-service.js';
import { filterOf, requestText } from './explain-filter.js';
import { identityText } from './labels.js';
import { labelsById, readCompiled, type Compiled } from './provenance.js';

export interface VerdictQuestion {
  readonly from: string;
  readonly to: string;
  readonly port: string;
  /** What is asked for on the connection. */
  readonly request?: L7Request;
  /** Who judged a packet of it: the policy version, 8 hex digits, that decided in a direction. */
  readonly judged?: { readonly direction: Direction; readonly version: string };
}

export interface VerdictOptions extends Where {
  readonly node?: string | undefined;
  /** Ask about this program instead of the applied one. */
  readonly program?: string | undefined;
  /** Ask about a file or directory of manifests, or `-`, instead. */
  readonly manifests?: string | undefined;
}

/**
 * Walks the decision on a connection: sides, classes, versions, tables, rules and their lines.
 * @throws PlumbError PLB_NOTHING_APPLIED, PLB_WHO, PLB_INVALID_PORT
 */
export async function explain(
  question: VerdictQuestion,
  options: VerdictOptions,
): Promise<VerdictAnswer> {
  const compiled =
    options.program === undefined && options.manifests === undefined
      ? await appliedProgram(options)
      : await synthesize(options.program ?? '', options);
  return withJudge(answer(question, compiled), question);
}

/** Says so where the packet that is asked about was judged by another policy than this one. */
function withJudge(said: VerdictAnswer, { judged }: VerdictQuestion): VerdictAnswer {
  if (judged === undefined) return said;
  const step = said.steps.find(({ direction }) => direction === judged.direction);
  if (step?.version === undefined || hex8(step.version) === judged.version) return said;
  const note = `the packet was judged by another policy, ${judged.direction} version ${judged.version}`;
  return { ...said, note: [said.note, note].filter((part) => part !== undefined).join('; ') };
}

export function answer(question: VerdictQuestion, compiled: Compiled): VerdictAnswer {
  const { from, to, port, request = {} } = question;
  const { protocol, number, text } = parsePort(port);
  const source = findSide(from, compiled);
  const service = findService(to, compiled);
  if (service !== undefined) {
    const ask = (member: string, at: string): VerdictAnswer =>
      answer({ from, to: member, port: at, request }, compiled);
    const name = text.split('/')[1] ?? '';
    return answerForService(service, { port: number, protocol: name }, compiled, ask);
  }
  const destination = findSide(to, compiled);
  const same = source.endpoint !== undefined && source.endpoint === destination.endpoint;
  const decision = decide(compiled.policy, source, destination, protocol, number);
  const step = (verdict: DirectionVerdict | undefined): VerdictStep[] =>
    verdict === undefined
      ? []
      : [
          {
            ...stepOf(verdict, compiled, protocol, number),
            ...filterOf(verdict, compiled, request),
          },
        ];
  const steps = same ? [] : [...step(decision.egress), ...step(decision.ingress)];
  const isLetThrough = steps.every(({ filter }) => filter?.allowed !== false);
  const asked = requestText(request);
  return {
    allowed: same || (decision.allowed && isLetThrough),
    from: source,
    to: destination,
    what: asked === '' ? text : `${text}  ${asked}`,
    ...(same ? { note: 'an endpoint may always reach itself' } : {}),
    ...(decision.byLocalhost && !same
      ? { note: 'the local host may always reach its own endpoints (allowLocalhost)' }
      : {}),
    steps,
  };
}

function stepOf(
  verdict: DirectionVerdict,
  { policy }: Compiled,
  protocol: number,
  port: number,
): VerdictStep {
  const { direction, allowed, reason, audited, policySet, version, table } = verdict;
  const { class: peerClass } = verdict;
  const set = policy.sets.get(policySet);
  return {
    direction,
    allowed,
    ...(reason === undefined ? {} : { reason }),
    ...(audited === undefined ? {} : { audited }),
    policySet,
    subject: set?.label ?? '',
    isolated: set?.isolated[direction] ?? false,
    ...(version === undefined ? {} : { version }),
    ...(peerClass === undefined ? {} : { class: peerClass }),
    terms: peerClass === undefined ? [] : (policy.classTerms.get(peerClass) ?? []),
    ...(table === undefined ? {} : { table }),
    ...explainDirection(policy, direction, policySet, peerClass ?? 0, protocol, port),
  };
}

/** The program that is applied to a node, compiled again. @throws PlumbError PLB_NOTHING_APPLIED */
export async function appliedProgram(where: Where): Promise<Compiled> {
  const [{ openInstance }, { readProvenance }] = await Promise.all([
    import('../kernel/instance.js'),
    import('../apply/provenance.js'),
  ]);
  const applied = readCompiled(await readProvenance(openInstance(where)));
  if (applied !== undefined) return applied;
  throw new PlumbError('PLB_NOTHING_APPLIED', 'no program is applied to this node', {
    hint: 'Name the program: plumb verdict ... --program plumb.ts, plumb matrix plumb.ts.',
  });
}

/** An endpoint's name, a reserved identity, an address, or labels `k=v,k=v` of some identity. */
function findSide(who: string, compiled: Compiled): VerdictSide {
  const { document, node, allocation } = compiled;
  const side = (identity: number, isLocal: boolean, endpoint?: EndpointSpec): VerdictSide => ({
    identity,
    isLocal,
    ...(endpoint === undefined ? {} : { endpoint: endpoint.name }),
    ...(isLocal && [endpoint?.audit, node.audit].includes(true) ? { isAudited: true } : {}),
    text: identityText(identity, labelsById(compiled).get(identity)),
  });
  const address = parseAddress(who);
  const canonical = address === undefined ? undefined : formatAddress(address);
  const endpoint = document.endpoints.find(
    (e) => e.name === who || (canonical !== undefined && e.addresses.includes(canonical)),
  );
  if (endpoint !== undefined) {
    const isLocal = endpoint.node === node.name;
    return side(allocation.idOf(endpoint.labels), isLocal, endpoint);
  }
  if (Object.hasOwn(RESERVED, who)) {
    const name = who as keyof typeof RESERVED;
    // Packets are of one family: plain world stands for the first.
    return side(RESERVED[name === 'world' ? 'world-ipv4' : name], false);
  }
  if (canonical !== undefined) return side(identityAt(canonical, compiled), false);
  return byLabels(who, compiled, side);
}

function byLabels(
  who: string,
  { policy }: Compiled,
  side: (identity: number, isLocal: boolean) => VerdictSide,
): VerdictSide {
  const pairs = who.split(',').map((pair) => pair.split('='));
  const matching = policy.identities.filter(({ labels }) =>
    pairs.every(([key = '', value]) => value !== undefined && labels[key] === value),
  );
  const [only] = matching;
  if (only !== undefined && matching.length === 1) {
    return side(only.id, policy.policySets.has(only.id));
  }
  throw new PlumbError(
    'PLB_WHO',
    only === undefined ? `nobody here is ${who}` : `${who} is more than one identity`,
    {
      hint:
        only === undefined
          ? 'Name an endpoint, an address, labels such as org=empire, or host or world.'
          : `Name more labels: ${matching.map(({ id, labels }) => identityText(id, labels)).join(', ')}.`,
    },
  );
}

function parsePort(text: string): { protocol: number; number: number; text: string } {
  const match = /^(?:(\d+)(?:\/(tcp|udp|sctp))?|(icmp|icmpv6)\/(\d+))$/i.exec(text);
  const [, port, name = 'TCP', icmp, type] = match ?? [];
  if (icmp !== undefined && Number(type) <= 255) {
    const protocol = icmp.toLowerCase() === 'icmp' ? PROTOCOLS.ICMP : PROTOCOLS.ICMPv6;
    return { protocol, number: Number(type) << 8, text: text.toUpperCase() };
  }
  const number = Number(port);
  if (port !== undefined && number >= 1 && number <= LAST_PORT) {
    const upper = name.toUpperCase() as 'TCP' | 'UDP' | 'SCTP';
    return { protocol: PROTOCOLS[upper], number, text: `${String(number)}/${upper}` };
  }
  throw new PlumbError('PLB_INVALID_PORT', `${text} is no port`, {
    hint: 'Write 80, 80/TCP, 53/UDP or ICMP/8.',
  });
}
