import type { Construct } from 'constructs';
import type { CIDRGroupSpec, Labels } from '../src/model/program.js';
import { PlumbConstruct } from './base.js';
import { Outside } from './peers.js';
import { plain } from './plain.js';

/** What a {@link CIDRGroup} is made from. */
export interface CIDRGroupProps {
  /** Prefixes, IPv4 or IPv6. None is allowed: then rules that name the group mean nobody by it. */
  readonly cidrs: readonly string[];

  /**
   * What rules may select the group by, instead of its name.
   * @default none
   */
  readonly labels?: Labels;

  /**
   * What rules call it.
   * @default the id
   */
  readonly name?: string;
}

/** Prefixes under one name, for rules of many policies. */
export class CIDRGroup extends PlumbConstruct {
  /** What rules call it. */
  readonly name: string;
  /** What rules may select it by. */
  readonly labels: Labels;
  /** Its prefixes. */
  readonly cidrs: readonly string[];

  /** @throws PlumbError PLB_DUPLICATE_NAME, PLB_UNKNOWN_FIELD, PLB_NOT_PLAIN */
  constructor(scope: Construct, id: string, props: CIDRGroupProps) {
    super(scope, id, props, ['cidrs', 'labels', 'name']);
    const { path } = this.node;
    this.name = plain(props.name ?? this.node.id, path, 'name');
    this.labels = plain(props.labels ?? {}, path, 'labels');
    this.cidrs = plain(props.cidrs, path, 'cidrs');
  }

  /** Its prefixes, as {@link Subject} talks of them. */
  get asPeer(): Outside {
    return new Outside(this.node.id, { cidrGroups: [{ name: this.name }] });
  }

  /** This group as plain data. */
  toSpec(): CIDRGroupSpec {
    const { origin, name, labels, cidrs } = this;
    return { origin, name, labels, cidrs };
  }
}
