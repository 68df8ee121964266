import type { Where } from '../engine.js';
import { lintsOf } from '../lint/lints.js';
import type { Lint } from '../model/lint.js';
import { synthesize } from './desired.js';
import { readCompiled } from './provenance.js';

export interface LintNodeOptions extends Where {
  readonly node?: string | undefined;
  /** The applied program by default; none is fine. */
  readonly program?: string | undefined;
}

/** Lints of a program at the node that it is for, with what is around it there. */
export async function lintNode(options: LintNodeOptions): Promise<readonly Lint[]> {
  const [{ openInstance }, { readProvenance }, { readSurroundings }] = await Promise.all([
    import('../kernel/instance.js'),
    import('../apply/provenance.js'),
    import('../kernel/surroundings.js'),
  ]);
  const instance = openInstance(options);
  const compiled =
    options.program === undefined
      ? readCompiled(await readProvenance(instance))
      : await synthesize(options.program, options);
  if (compiled === undefined) return [];
  const { document, node, policy } = compiled;
  const surroundings = await readSurroundings(instance, node.devices);
  return lintsOf({ document, node, policy, surroundings });
}
