import type { Construct } from 'constructs';
import type { ClusterSpec } from '../src/model/program.js';
import { PlumbConstruct } from './base.js';
import { plain } from './plain.js';

/** What a {@link Cluster} is made from. */
export interface ClusterProps {
  /**
   * `tunnel`: packets between nodes travel in VXLAN, which carries the sender's identity; all that the
   * network in between must do is to carry UDP. `routes`: packets travel as they are, and each node has
   * routes to the ranges of the others, which must be its neighbors.
   */
  readonly mode: 'tunnel' | 'routes';

  /**
   * UDP port of the tunnels, the same on all nodes.
   * @default 8472
   */
  readonly tunnelPort?: number;
}

const KNOWN: readonly (keyof ClusterProps)[] = ['mode', 'tunnelPort'];

/** Nodes whose endpoints reach each other: those that have it as a scope. */
export class Cluster extends PlumbConstruct {
  /** How packets get from node to node. */
  readonly mode: 'tunnel' | 'routes';
  /** UDP port of the tunnels. */
  readonly tunnelPort: number;

  /** @throws PlumbError PLB_DUPLICATE_NAME, PLB_UNKNOWN_FIELD, PLB_NOT_PLAIN */
  constructor(scope: Construct, id: string, props: ClusterProps) {
    super(scope, id, props, KNOWN);
    const { path } = this.node;
    this.mode = plain(props.mode, path, 'mode');
    this.tunnelPort = plain(props.tunnelPort ?? 8472, path, 'tunnelPort');
  }

  /** What the nodes in it know of it. */
  toSpec(): ClusterSpec {
    const { mode, tunnelPort } = this;
    return { name: this.node.path, mode, tunnelPort };
  }
}
