import { NAMESPACE_LABELS_PREFIX } from './namespace.js';

const LABEL_PART = /^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;
const LABEL_PREFIX = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_SOURCE = /^[a-z][-a-z0-9]*$/;

export const LABEL_HINT =
  'Write labels as in Kubernetes: prefix/name and value, 63 letters, digits, -, _ and . each.';

/** Why a text is no label key (`app`, `example.org/app`, `k8s:app`); undefined when it is one. */
export function labelKeyProblem(key: string): string | undefined {
  const colon = key.indexOf(':');
  const source = colon < 0 ? undefined : key.slice(0, colon);
  if (source !== undefined && !LABEL_SOURCE.test(source)) return `${source} is no label source`;
  const bare = key.slice(colon + 1);
  const rest = bare.startsWith(NAMESPACE_LABELS_PREFIX)
    ? bare.slice(NAMESPACE_LABELS_PREFIX.length)
    : bare;
  const slash = rest.indexOf('/');
  const prefix = slash < 0 ? undefined : rest.slice(0, slash);
  if (prefix !== undefined && (prefix.length > 253 || !LABEL_PREFIX.test(prefix))) {
    return `${JSON.stringify(prefix)} is no DNS name`;
  }
  return LABEL_PART.test(rest.slice(slash + 1)) ? undefined : 'the key is no label key';
}

/** Why a text is no label value; undefined when it is one. The empty text is. */
export function labelValueProblem(value: string): string | undefined {
  return value === '' || LABEL_PART.test(value)
    ? undefined
    : `${JSON.stringify(value)} is no label value`;
}
