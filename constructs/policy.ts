import type { Construct } from 'constructs';
import type { Labels, PolicySpec } from '../src/model/program.js';
import { PlumbConstruct } from './base.js';

/** Names of {@link PolicyBaseProps}. */
export const POLICY_BASE: readonly (keyof PolicyBaseProps)[] = [
  'description',
  'labels',
  'log',
  'name',
  'audit',
];

/** What all sorts of policies share: a name, and that they are plain data in the end. */
export abstract class Policy extends PlumbConstruct {
  /** What reports call it. */
  abstract readonly name: string;

  /** @throws PlumbError PLB_DUPLICATE_NAME, PLB_UNKNOWN_FIELD */
  protected constructor(scope: Construct, id: string, props: object, known: readonly string[]) {
    super(scope, id, props, known);
  }

  /** This policy as plain data. */
  abstract toSpec(): PolicySpec;
}

/** What every sort of policy may say of itself. */
export interface PolicyBaseProps {
  /**
   * For readers; shown in reports.
   * @default none
   */
  readonly description?: string;

  /**
   * For readers and tools; nothing selects by them.
   * @default none
   */
  readonly labels?: Labels;

  /**
   * A word that events and explanations carry where one of its rules decides.
   * @default none
   */
  readonly log?: { readonly value: string };

  /**
   * What reports call it.
   * @default the id
   */
  readonly name?: string;

  /**
   * Judged and reported, not enforced: what it alone would deny goes through, and is told of.
   * @default false
   */
  readonly audit?: boolean;
}
