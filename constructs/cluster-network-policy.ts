import type { Construct } from 'constructs';
import type { PolicySpec, RuleSpec, SelectorSpec } from '../src/model/program.js';
import { plain } from './plain.js';
import { Policy, POLICY_BASE, type PolicyBaseProps } from './policy.js';
import { foldRules } from './fold-rules.js';
import type { EgressDenyRule, IngressDenyRule, PlainEgressRule } from './rule.js';

/** What a rule of a tier does with what it covers; `Pass` leaves it to the tiers after its own. */
export type Action = 'Accept' | 'Deny' | 'Pass';

/** What a tier does with what reaches the subjects. */
export type TierIngressRule = IngressDenyRule & { readonly action: Action };

/** What a tier does with what the subjects reach; names in the DNS cannot be denied. */
export type TierEgressRule =
  | (EgressDenyRule & { readonly action: Action })
  | (PlainEgressRule & { readonly action: Exclude<Action, 'Deny'> });

/** What a {@link ClusterNetworkPolicy} is made from, with the meaning of Kubernetes' tiers. */
export interface ClusterNetworkPolicyProps extends PolicyBaseProps {
  /** `Admin` speaks before policies without a tier, `Baseline` after them and only where none isolates. */
  readonly tier: 'Admin' | 'Baseline';

  /** Place in the tier, 0 to 1000; lower wins. At one priority a denial wins, then `Pass`. */
  readonly priority: number;

  /** The subjects, in any namespace. `{}` is every endpoint. */
  readonly endpointSelector: SelectorSpec;

  /**
   * About what reaches the subjects, in order: the first rule that covers it speaks. What none covers
   * is left to the tiers after this one.
   * @default no rules
   */
  readonly ingress?: readonly TierIngressRule[];

  /**
   * About what the subjects reach, in order.
   * @default no rules
   */
  readonly egress?: readonly TierEgressRule[];
}

const KNOWN: readonly (keyof ClusterNetworkPolicyProps)[] = [
  'tier',
  'priority',
  'endpointSelector',
  'ingress',
  'egress',
  ...POLICY_BASE,
];

/** Rules of a tier around all other policies: for who runs the cluster, not for who runs in it. */
export class ClusterNetworkPolicy extends Policy {
  readonly name: string;
  private readonly spec: PolicySpec;

  /** @throws PlumbError PLB_DUPLICATE_NAME, PLB_UNKNOWN_FIELD, PLB_NOT_PLAIN */
  constructor(scope: Construct, id: string, props: ClusterNetworkPolicyProps) {
    super(scope, id, props, KNOWN);
    const { path } = this.node;
    const { name, ingress, egress, ...rest } = plain(props, path, 'policy');
    this.name = name ?? this.node.id;
    const fold = (rules: typeof ingress | typeof egress, direction: 'ingress' | 'egress') =>
      (rules ?? []).map(({ action, ...rule }): RuleSpec => {
        const [folded = {}] = foldRules([rule], direction, path);
        return { ...folded, action };
      });
    this.spec = {
      origin: this.origin,
      name: this.name,
      ...rest,
      ...(ingress && { ingress: fold(ingress, 'ingress') }),
      ...(egress && { egress: fold(egress, 'egress') }),
    };
  }

  toSpec(): PolicySpec {
    return this.spec;
  }
}
