/** Where whoever runs a program puts the function that answers its requests for manifests. */
export const MANIFESTS = Symbol.for('plumbline.manifests');

/** Asks for the calls that manifests mean. */
export interface ManifestRequest {
  /** A file or a directory, from the program's directory. */
  readonly path: string;
  /** Range that endpoints get their addresses from. Default: that of the one node of manifests. */
  readonly range?: string;
  /** Addresses that somebody has already. */
  readonly taken?: readonly string[];
}
