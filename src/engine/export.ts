import { ApiObject, App, Chart } from 'cdk8s';
import { manifestsOf, type ExportFormat, type Manifest } from '../manifests/export.js';
import { throwAll } from '../model/error.js';
import { synthesize } from './desired.js';

export interface ExportRequest {
  readonly node?: string | undefined;
  /** Manifests in place of a program. */
  readonly manifests?: string | undefined;
  readonly format: ExportFormat;
}

/**
 * A program's policies, with its endpoints as Pods and its services, as YAML documents.
 * @throws PlumbErrors PLB_EXPORT for what the format has no words for, all together
 */
export async function exportManifests(
  path: string,
  { format, ...options }: ExportRequest,
): Promise<{ readonly yaml: string; readonly manifests: readonly Manifest[] }> {
  const { written } = await synthesize(path, options);
  const { manifests, errors } = manifestsOf(written, format);
  throwAll(errors);
  return { yaml: yamlOf(manifests), manifests };
}

/** One YAML document for each, in order. */
export function yamlOf(manifests: readonly Manifest[]): string {
  const app = new App();
  const chart = new Chart(app, 'plumb', { disableResourceNameHashes: true });
  for (const [i, manifest] of manifests.entries()) {
    new ApiObject(chart, `${String(i)}-${manifest.kind}`, { ...manifest });
  }
  return app.synthYaml();
}
