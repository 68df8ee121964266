import type { Construct } from 'constructs';
import type { PolicySpec, SelectorSpec } from '../src/model/program.js';
import { namespaceOf, type Namespace } from './namespace.js';
import { plain } from './plain.js';
import { Policy, POLICY_BASE, type PolicyBaseProps } from './policy.js';
import { foldRules } from './fold-rules.js';
import type {
  EgressDenyRule,
  EgressRule,
  IngressDenyRule,
  IngressRule,
  PlainEgressRule,
} from './rule.js';

/** What a {@link NetworkPolicy} is made from: the shape of Cilium's policies, with the same meaning. */
export type NetworkPolicyProps =
  | (NetworkPolicyRules<IngressDenyRule, PlainEgressRule> & {
      /**
       * The subjects: nodes themselves, by their labels. Such a policy is in no namespace, and has no
       * rules of layer 7; what is not about a node that it selects is left alone.
       */
      readonly nodeSelector: SelectorSpec;
      readonly endpointSelector?: never;
      readonly namespace?: never;
    })
  // The last one is what a compiler speaks of when nothing fits.
  | (NetworkPolicyRules<IngressRule, EgressRule> & {
      /** The subjects: endpoints whose labels match. `{}` is every endpoint. */
      readonly endpointSelector: SelectorSpec;
      readonly nodeSelector?: never;
    });

interface NetworkPolicyRules<Ingress, Egress> extends PolicyBaseProps {
  /**
   * What is allowed to reach the subjects. With at least one rule here or in `ingressDeny`, everything
   * else is denied.
   * @default no rules, and no default deny for ingress
   */
  readonly ingress?: readonly Ingress[];

  /**
   * What must not reach the subjects, whatever allows it.
   * @default no rules
   */
  readonly ingressDeny?: readonly IngressDenyRule[];

  /**
   * What the subjects are allowed to reach. With at least one rule here or in `egressDeny`, everything
   * else is denied.
   * @default no rules, and no default deny for egress
   */
  readonly egress?: readonly Egress[];

  /**
   * What the subjects must not reach, whatever allows it.
   * @default no rules
   */
  readonly egressDeny?: readonly EgressDenyRule[];

  /**
   * Whether the subjects are default-deny in a direction because of this policy.
   * @default in the directions that the policy has rules for
   */
  readonly enableDefaultDeny?: { readonly ingress?: boolean; readonly egress?: boolean };

  /**
   * The namespace that it is about: its subjects are in it, and so are peers by label that name no
   * namespace. Without one the policy is cluster-wide.
   * @default the {@link Namespace} around it, else none
   */
  readonly namespace?: Namespace | string;
}

const KNOWN: readonly string[] = [
  'endpointSelector',
  'nodeSelector',
  'ingress',
  'ingressDeny',
  'egress',
  'egressDeny',
  'enableDefaultDeny',
  'namespace',
  ...POLICY_BASE,
];

/** Rules about the endpoints that it selects, wherever in the program they and it are. */
export class NetworkPolicy extends Policy {
  readonly name: string;
  /** The policy as plain data, rules of both directions in one shape. */
  private readonly spec: PolicySpec;

  /** @throws PlumbError PLB_DUPLICATE_NAME, PLB_UNKNOWN_FIELD, PLB_NOT_PLAIN */
  constructor(scope: Construct, id: string, props: NetworkPolicyProps) {
    super(scope, id, props, KNOWN);
    const { path } = this.node;
    // Nothing may be undefined here: a list of rules that is left out means that nothing is denied.
    const { namespace: given, ...own } = props;
    const { name, ingress, ingressDeny, egress, egressDeny, ...rest } = plain(own, path, 'policy');
    const isOfNodes = props.nodeSelector !== undefined;
    const namespace = isOfNodes ? undefined : namespaceOf(this, given)?.name;
    this.name = name ?? this.node.id;
    this.spec = {
      origin: this.origin,
      name: this.name,
      ...(namespace !== undefined && { namespace }),
      ...rest,
      ...(ingress && { ingress: foldRules(ingress, 'ingress', path) }),
      ...(ingressDeny && { ingressDeny: foldRules(ingressDeny, 'ingress', path) }),
      ...(egress && { egress: foldRules(egress, 'egress', path) }),
      ...(egressDeny && { egressDeny: foldRules(egressDeny, 'egress', path) }),
    };
  }

  toSpec(): PolicySpec {
    return this.spec;
  }
}
