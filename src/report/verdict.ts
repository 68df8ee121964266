import pc from 'picocolors';
import type { Origin } from '../model/error.js';
import type { Direction } from '../state/layout.js';
import { hex8 } from '../state/columns.js';
import type { Cause, Explanation } from '../verdict/explain.js';
import { originText } from './origin.js';

type Colours = ReturnType<typeof pc.createColors>;

export interface VerdictSide {
  readonly identity: number;
  /** An endpoint of this node. */
  readonly isLocal: boolean;
  /** What its policies deny is let through. */
  readonly isAudited?: boolean;
  readonly endpoint?: string;
  /** Labels, or the name of a reserved identity. */
  readonly text: string;
}

/** One direction of a decision, from the subject to the rules. */
export interface VerdictStep extends Explanation {
  readonly direction: Direction;
  readonly allowed: boolean;
  readonly reason?: string;
  /** Why it would be denied, if that were not only audited. */
  readonly audited?: string;
  readonly policySet: number;
  /** Selectors of the policies that apply. */
  readonly subject: string;
  /** Whether what no rule allows is denied. */
  readonly isolated: boolean;
  readonly version?: number;
  /** Class of the peer, and the terms that make it. */
  readonly class?: number;
  readonly terms: readonly string[];
  readonly table?: number;
  /** Rules of layer 7 that filter what is allowed. */
  readonly filter?: VerdictFilter;
}

/** What rules of layer 7 say. */
export interface VerdictFilter {
  /** 8 hex digits. */
  readonly listener: string;
  /** `http POST /v1/request-landing`. */
  readonly text: string;
  /** Whether it lets the request through that was asked about; absent where none of its protocol was. */
  readonly allowed?: boolean;
  /** The rule that does. */
  readonly rule?: string;
  /** Lines of that rule; else of all its rules. */
  readonly origins: readonly Origin[];
}

export interface VerdictAnswer {
  readonly allowed: boolean;
  readonly from: VerdictSide;
  readonly to: VerdictSide;
  readonly what: string;
  /** Why no policy was asked; or who else judged the packet that is asked about. */
  readonly note?: string;
  readonly steps: readonly VerdictStep[];
}

/** The decision as a walk: verdict first, then each direction with its entries and its rules. */
export function renderVerdict(answer: VerdictAnswer, options: { colour: boolean }): string {
  const c = pc.createColors(options.colour);
  const { allowed, from, to, what, note, steps } = answer;
  const verdict = allowed ? c.green('allowed') : c.red('denied');
  const lines = [`${c.bold(verdict)}  ${sideText(from)} -> ${sideText(to)}  ${what}`];
  if (note !== undefined) lines.push(`  ${note}`);
  if (steps.length === 0 && note === undefined) {
    lines.push('  neither end is an endpoint of this node: nothing here judges it');
  }
  for (const step of steps) {
    const said = stepText(step, c);
    lines.push('', `  ${step.direction.padEnd(7)}  ${said}`);
    lines.push(`    policies  ${step.subject}${step.isolated ? '' : ', not isolated'}`);
    if (step.class !== undefined) {
      const terms = step.terms.length === 0 ? 'no rule names it' : step.terms.join('; ');
      lines.push(`    peer      class ${hex8(step.class)}: ${terms}`);
    }
    if (step.version !== undefined && step.table !== undefined) {
      lines.push(`    entries   version ${hex8(step.version)}, table ${hex8(step.table)}`);
    }
    lines.push(...ruleLines(step).map((line) => `    ${line}`));
    if (step.filter !== undefined) lines.push(`    ${filterText(step.filter)}`);
  }
  return lines.join('\n');
}

function filterText({ listener, text, allowed, rule, origins }: VerdictFilter): string {
  const places = origins.map(originText).join(', ');
  if (allowed === undefined) return `filtered  listener ${listener}: only ${text} (${places})`;
  if (!allowed)
    return `filtered  listener ${listener}: answered with a refusal, not in ${text} (${places})`;
  return `filtered  listener ${listener}: let through by ${rule ?? text} (${places})`;
}

function stepText({ allowed, audited, reason = '' }: VerdictStep, c: Colours): string {
  if (audited !== undefined) return c.yellow(`allowed, only audited: ${audited}`);
  return allowed ? c.green('allowed') : c.red(`denied: ${reason}`);
}

function ruleLines(step: VerdictStep): string[] {
  const { allowed, audited, allows, denies, isolates, isolated } = step;
  const reason = audited ?? step.reason;
  if (allowed && audited === undefined) {
    return allows.length > 0
      ? allows.map((cause) => `allowed by ${causeText(cause)}`)
      : [isolated ? 'allowed' : 'allowed: no policy isolates it in this direction'];
  }
  if (reason === 'policy-denied') return denies.map((cause) => `denied by ${causeText(cause)}`);
  return isolates.map((cause) => `isolated by ${causeText(cause)}, and no rule allows it`);
}

function causeText({ name, origin, description, log }: Cause): string {
  const word = log === undefined ? '' : ` [${log}]`;
  const about = description === undefined ? '' : ` "${description}"`;
  return `${name} (${originText(origin)})${word}${about}`;
}

function sideText({ endpoint, text }: VerdictSide): string {
  return endpoint === undefined ? text : `${endpoint} ${text}`;
}
