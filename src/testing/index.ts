/** What a test imports as `plumbline/testing`. */
export type { End } from './ends.js';
export { identitySerializer, type SnapshotSerializer } from './identity-serializer.js';
export {
  networkOf,
  type Asked,
  type Network,
  type NetworkOptions,
  type Request,
  type Source,
} from './network.js';
export { expectNoRemovals, planOf, type PlanOptions } from './plan.js';
