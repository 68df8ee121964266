/** Where in a file something was written, counted from 1. */
export interface Place {
  /** As it was given, or relative to the directory that was given. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type PlainValue =
  string | number | boolean | readonly PlainValue[] | { readonly [name: string]: PlainValue };

export type ConstructName =
  | 'Node'
  | 'Namespace'
  | 'Endpoint'
  | 'Service'
  | 'CIDRGroup'
  | 'NetworkPolicy'
  | 'KubernetesNetworkPolicy'
  | 'ClusterNetworkPolicy';

/**
 * One `new construct(scope, id, props)` of a program, as data: what manifests become, to be carried out
 * or to be printed. Calls are in an order in which every variable is there before it is used.
 */
export interface ConstructCall {
  readonly construct: ConstructName;
  /** What other calls name it by; unique. Absent: none does. */
  readonly variable?: string;
  /** Variable of the construct that it is inside; `app` for the root. */
  readonly scope: string;
  /** Unique within its scope. */
  readonly id: string;
  readonly props: Readonly<Record<string, PlainValue>>;
  /** Properties whose values are other constructs, by their variables. */
  readonly references?: Readonly<Record<string, string>>;
  readonly origin: Place;
  /** Places of the rules that the policy's document has, by list, in order. */
  readonly rules?: Readonly<Record<string, readonly Place[]>>;
}
