import type { Firewall } from '../model/surroundings.js';

interface Chain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** Of a base chain. */
  readonly hook?: string;
  readonly policy?: string;
}

interface Rule {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly expr: readonly unknown[];
}

/** As libnftables-json(5) lists it. */
export interface Ruleset {
  readonly nftables?: readonly { readonly chain?: Chain; readonly rule?: Rule }[];
}

const OURS = /^plumb(_|$)/;

/** Base chains that are not ours, with the marks in all rules of their tables. */
export function firewallsOf({ nftables = [] }: Ruleset): Firewall[] {
  const rules = nftables.flatMap(({ rule }) => (rule === undefined ? [] : [rule]));
  return nftables
    .flatMap(({ chain }) => (chain === undefined || OURS.test(chain.table) ? [] : [chain]))
    .flatMap((chain): Firewall[] => {
      const { family, table, name, hook, policy } = chain;
      if (hook === undefined) return [];
      const own = rules.filter((rule) => rule.family === family && rule.table === table);
      return [
        {
          chain: `${family} ${table} ${name}`,
          hook,
          policy: policy === 'drop' ? 'drop' : 'accept',
          marks: [...new Set(own.flatMap(({ expr }) => expr.flatMap(marksIn)))],
          hasHiddenMarks: own.some(({ expr }) => expr.some(hidesMark)),
          ports: [...new Set(own.flatMap(({ expr }) => expr.flatMap(portsIn)))],
        },
      ];
    });
}

/** Numbers that a packet's mark is compared with or set to. */
function marksIn(expression: unknown): number[] {
  const { match, mangle } = expression as {
    match?: { left?: unknown; right?: unknown };
    mangle?: { key?: unknown; value?: unknown };
  };
  const named = (key: unknown): boolean => JSON.stringify(key ?? null).includes('"mark"');
  return [
    ...(named(match?.left) ? numbersIn(match?.right) : []),
    ...(named(mangle?.key) ? numbersIn(mangle?.value) : []),
  ].filter((mark) => mark > 0);
}

/** Those that a destination port is compared with; of a range, its ends. */
function portsIn(expression: unknown): number[] {
  const { match } = expression as { match?: { left?: unknown; right?: unknown } };
  return JSON.stringify(match?.left ?? null).includes('"dport"') ? numbersIn(match?.right) : [];
}

/** An extension of iptables that looks at marks, or sets them: libnftables names it and says no more. */
function hidesMark(expression: unknown): boolean {
  const { xt } = expression as { xt?: { name?: string } };
  return xt?.name !== undefined && /mark/i.test(xt.name);
}

function numbersIn(value: unknown): number[] {
  return (JSON.stringify(value ?? null).match(/\b\d+\b/g) ?? []).map(Number);
}
