import type { Origin } from './error.js';
import type { SelectorSpec } from './program.js';

/** One port of a service; back-ends are reached at `targetPort`. */
export interface ServicePortSpec {
  /** For readers. */
  readonly name?: string;
  /** 1-65535. */
  readonly port: number;
  /** 1-65535; SCTP cannot change it (its checksum covers the whole packet, RFC 9260). */
  readonly targetPort: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

/** A back-end by its address; an endpoint's addresses are written out. */
export interface BackendSpec {
  readonly address: string;
  /** Share of new connections, 0-100; 0: none, but those that are open go on (draining). */
  readonly weight: number;
}

/**
 * A virtual address and ports that stand for back-ends. Policy sees the back-end's identity and port.
 */
export interface ServiceSpec {
  readonly origin: Origin;
  /** DNS label, unique in the program. */
  readonly name: string;
  /** Virtual addresses, at most one a family, outside every node's ranges. */
  readonly addresses: readonly string[];
  readonly ports: readonly ServicePortSpec[];
  /** Endpoints of any node that are back-ends, with weight 1. */
  readonly selector?: SelectorSpec;
  /** Further back-ends, and weights of selected ones. */
  readonly backends: readonly BackendSpec[];
  /**
   * `random` draws a back-end for each connection; `maglev` takes the same one for the same connection
   * on every node (Eisenbud et al., NSDI 2016).
   */
  readonly algorithm: 'random' | 'maglev';
  /** Seconds for which a client stays with its back-end; 0: none. */
  readonly affinity: number;
}
