import { Construct } from 'constructs';
import type { ConstructCall } from '../src/model/construct-call.js';
import { PlumbError } from '../src/model/error.js';
import { PARDONABLE, PARTIAL_REASON } from '../src/model/lint.js';
import { MANIFESTS, type ManifestRequest } from '../src/model/manifest-request.js';
import type { App } from './app.js';
import { buildCalls } from './build-calls.js';
import { Endpoint } from './endpoint.js';
import { Lint } from './lint.js';
import { Node } from './node.js';

/**
 * Makes constructs of manifests of Kubernetes and Cilium, as `plumb import` would write them, below one
 * that is called like the path. Errors and explanations name the manifest's file and line. Rules may be
 * about labels and ports that nothing has: that is a warning.
 * @param scope the node that pods are endpoints of: their addresses are from its first range, and follow
 *   from their names. For an app, a node `node` with the range 10.244.0.0/16 is made.
 * @param path a file, or a directory with `*.yaml`, `*.yml` and `*.json` in it and below it; from the
 *   program's directory, and inside the project (the nearest directory with a package.json above the
 *   program, else the program's own)
 * @returns what was made, in order
 * @throws PlumbError PLB_LOAD_MANIFESTS where it is not `plumb` that runs the program. What is wrong with
 *   the manifests, PLB_MANIFEST_NOT_FOUND and PLB_MANIFEST_OUTSIDE ends the program.
 */
export function loadManifests(scope: App | Node, path: string): readonly Construct[] {
  const node = scope instanceof Node ? scope : undefined;
  const calls = ask({ path, ...(node && rangeOf(node)) });
  const root = scope.node.scopes.find((one) => one instanceof Construct);
  const app = new Construct(root ?? scope, path);
  for (const code of PARDONABLE) Lint.ignore(app, code, PARTIAL_REASON);
  return buildCalls(calls, { app, ...(node && { node }) });
}

function ask(request: ManifestRequest): readonly ConstructCall[] {
  const all = globalThis as {
    [MANIFESTS]?: (request: ManifestRequest) => readonly ConstructCall[];
  };
  const answer = all[MANIFESTS];
  if (answer !== undefined) return answer(request);
  throw new PlumbError('PLB_LOAD_MANIFESTS', 'nobody reads manifests for this program', {
    hint: 'Give the program to plumb, or to networkOf of plumbline/testing.',
  });
}

/** Where there is room for endpoints on a node, and which addresses it has given out. */
function rangeOf(node: Node): Pick<ManifestRequest, 'range' | 'taken'> {
  const endpoints = node.node.findAll().filter((one) => one instanceof Endpoint);
  const [range] = node.podCIDRs;
  const taken = [...node.gateways, ...endpoints.flatMap(({ addresses }) => addresses)];
  return { taken, ...(range !== undefined && { range }) };
}
