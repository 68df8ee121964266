import { Construct } from 'constructs';
import { PlumbError, type Origin } from '../src/model/error.js';
import { callSite } from './call-site.js';
import { onlyKnown } from './plain.js';

/** What all constructs of this package share: where they were written. */
export abstract class PlumbConstruct extends Construct {
  /** Construct path and source position of the `new` that made this. */
  readonly origin: Origin;

  /**
   * @param known names of the properties that there are
   * @throws PlumbError PLB_DUPLICATE_NAME, PLB_UNKNOWN_FIELD
   */
  protected constructor(scope: Construct, id: string, props: object, known: readonly string[]) {
    super(scope, unused(scope, id));
    this.origin = { path: this.node.path, ...callSite(new.target) };
    onlyKnown(props, known, this.node.path);
  }
}

function unused(scope: Construct, id: string): string {
  const there: unknown = scope.node.tryFindChild(id);
  if (!(there instanceof Construct)) return id;
  const path = there.node.path;
  throw new PlumbError('PLB_DUPLICATE_NAME', `there is already a construct called ${path}`, {
    origin: { path },
    hint: 'Give one of the two another id: ids are unique within their scope.',
  });
}
