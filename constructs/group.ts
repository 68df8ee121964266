import type { Construct } from 'constructs';
import { inNamespace, namesNamespace } from '../src/model/namespace.js';
import type { Labels, SelectorSpec } from '../src/model/program.js';
import { namespaceOf, type Namespace } from './namespace.js';
import { plain } from './plain.js';
import { Subject } from './subject.js';

/** What a {@link Group} is made from. */
export type GroupProps = {
  /**
   * The namespace that its endpoints are in.
   * @default the Namespace around it, else any
   */
  readonly namespace?: Namespace | string;
} & (
  | {
      /** Labels that its endpoints have, all of them. `{}` is every endpoint. */
      readonly labels: Labels;
      readonly selector?: never;
    }
  | { readonly selector: SelectorSpec; readonly labels?: never }
);

/** Endpoints by their labels, wherever they are, to say who may talk to whom. */
export class Group extends Subject {
  readonly selector: SelectorSpec;

  /** @throws PlumbError PLB_DUPLICATE_NAME, PLB_UNKNOWN_FIELD, PLB_NOT_PLAIN */
  constructor(scope: Construct, id: string, props: GroupProps) {
    super(scope, id, props, ['labels', 'selector', 'namespace']);
    const { path } = this.node;
    const selector =
      props.labels === undefined
        ? plain(props.selector, path, 'selector')
        : { matchLabels: plain(props.labels, path, 'labels') };
    const namespace = namespaceOf(this, props.namespace)?.name;
    this.selector =
      namespace === undefined || namesNamespace(selector)
        ? selector
        : inNamespace(selector, namespace);
  }
}
