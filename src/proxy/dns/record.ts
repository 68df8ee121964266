import type { Path } from './sockets.js';

/** What became of one query. */
export interface DNSRecord extends Path {
  /** Id of the listener. */
  readonly listener: number;
  readonly transport: 'udp' | 'tcp';
  /** Absent in what is malformed. */
  readonly name?: string;
  readonly type?: string;
  readonly verdict: 'allowed' | 'denied' | 'malformed';
  /** Position in the listener's rules of the first that allows it. */
  readonly rule?: number;
  /** Why it is malformed, or was not answered by the server: a few words. */
  readonly problem?: string;
  /** `NOERROR`, `NXDOMAIN`, `REFUSED`... as the client got it; absent when it got no answer. */
  readonly rcode?: string;
  /** That the answer gave for the name. */
  readonly addresses?: readonly string[];
}
