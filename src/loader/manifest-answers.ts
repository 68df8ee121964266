import { z } from 'zod';
import type { ConstructCall } from '../model/construct-call.js';
import { PlumbError } from '../model/error.js';
import type { ManifestRequest } from '../model/manifest-request.js';
import type { Answer } from './answer.js';

/** What the manifests mean that a program asks for. */
export type ManifestReader = (request: ManifestRequest) => Promise<readonly ConstructCall[]>;

const shape = z.strictObject({
  path: z.string(),
  range: z.string().exactOptional(),
  taken: z.array(z.string()).exactOptional(),
}) satisfies z.ZodType<ManifestRequest>;

/**
 * Answers a program's requests for manifests.
 * @param files gets the names of the files that answers were made of
 */
export function manifestAnswers(read: ManifestReader, files: Set<string>): Answer {
  return async (request) => {
    const calls = await read(shape.parse(request));
    for (const { origin } of calls) files.add(origin.file);
    return calls;
  };
}

/** Has none. @throws PlumbError PLB_LOAD_MANIFESTS */
export const noManifests: ManifestReader = ({ path }) =>
  Promise.reject(
    new PlumbError('PLB_LOAD_MANIFESTS', `nobody reads the manifests ${path} for this program`, {
      hint: 'Give the program to plumb, or to networkOf of plumbline/testing.',
    }),
  );
