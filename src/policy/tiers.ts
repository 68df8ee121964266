/** What of its tier a rule is, where the tier is ordered. */
export interface Rank {
  readonly tier: 'Admin' | 'Baseline';
  /** 0-1000; lower wins. */
  readonly priority: number;
  /** Of which policy, by its path: its first rule that matches speaks for it. */
  readonly policy: string;
  /** Place in the policy. */
  readonly index: number;
  /** Leaves the tier to those after it. */
  readonly pass: boolean;
}

/** What a rule says of traffic that it covers. Without a rank it is of the unordered tier between. */
export interface Ruling {
  readonly deny: boolean;
  readonly rank?: Rank | undefined;
  /** Of a policy that is only audited. */
  readonly audit?: boolean | undefined;
}

/**
 * Where the tiers end: `isolated` by a policy of the unordered tier, so that nothing after it speaks;
 * `closed` where no policy isolates, and what no rule allows is still denied; `open` else.
 */
export type End = 'isolated' | 'closed' | 'open';

export interface Resolution<R extends Ruling> {
  readonly verdict: 'allow' | 'deny' | 'default-deny';
  /** The rules that say so; none for a default. */
  readonly by: readonly R[];
}

/**
 * The one verdict on traffic from all rules that cover it: the tier Admin, then policies without order,
 * where a denial beats what allows, then Baseline, then the end.
 */
export function resolve<R extends Ruling>(covering: readonly R[], end: End): Resolution<R> {
  return (
    inOrder(covering, 'Admin') ??
    withoutOrder(covering, end) ??
    inOrder(covering, 'Baseline') ?? { verdict: end === 'open' ? 'allow' : 'default-deny', by: [] }
  );
}

function withoutOrder<R extends Ruling>(
  covering: readonly R[],
  end: End,
): Resolution<R> | undefined {
  const rules = covering.filter(({ rank }) => rank === undefined);
  const denies = rules.filter(({ deny }) => deny);
  if (denies.length > 0) return { verdict: 'deny', by: denies };
  if (rules.length > 0) return { verdict: 'allow', by: rules };
  return end === 'isolated' ? { verdict: 'default-deny', by: [] } : undefined;
}

/**
 * The least priority at which a policy speaks decides. Of policies with the same one, whose order
 * Kubernetes leaves open, denial is before leaving the tier, and that before permission.
 */
function inOrder<R extends Ruling>(
  covering: readonly R[],
  tier: Rank['tier'],
): Resolution<R> | undefined {
  const first = firstOfEach(covering.filter(({ rank }) => rank?.tier === tier));
  const least = Math.min(...first.map(({ rank }) => rank?.priority ?? Infinity));
  const rules = first.filter(({ rank }) => rank?.priority === least);
  const denies = rules.filter(({ deny }) => deny);
  if (denies.length > 0) return { verdict: 'deny', by: denies };
  if (rules.length === 0 || rules.some(({ rank }) => rank?.pass)) return undefined;
  return { verdict: 'allow', by: rules };
}

function firstOfEach<R extends Ruling>(rules: readonly R[]): R[] {
  const first = new Map<string, R>();
  for (const rule of rules) {
    const { policy, index } = rule.rank as Rank;
    const known = first.get(policy);
    if (known === undefined || index < (known.rank as Rank).index) first.set(policy, rule);
  }
  return [...first.values()];
}
