import type { IConstruct } from 'constructs';
import type { LintCode, LintIgnore, PardonableCode } from '../src/model/lint.js';

const METADATA = 'plumbline:lint-ignore';

/** What `plumb plan` and `plumb doctor` find that is no error and likely not meant. */
export const Lint = {
  /**
   * Silences one lint at a construct and all below it; reports still count it, with the reason.
   * @param construct an app silences it in the whole program
   * @param code as reports and docs/lints.md name it, `PLL_WORLD`; or PLB_UNKNOWN_LABEL or
   *   PLB_UNKNOWN_PORT, which are warnings then, for programs that show only a part of a cluster
   * @param reason why it is meant, for readers
   */
  ignore(construct: IConstruct, code: LintCode | PardonableCode, reason: string): void {
    construct.node.addMetadata(METADATA, { code, reason });
  },
};

/** What was silenced at a construct itself. */
export function lintIgnoresOf(construct: IConstruct): LintIgnore[] {
  const { path, metadata } = construct.node;
  return metadata
    .filter(({ type }) => type === METADATA)
    .map(({ data }) => ({ path, ...(data as Omit<LintIgnore, 'path'>) }));
}
