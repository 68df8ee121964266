import { isMap, isSeq, LineCounter, parseAllDocuments, type Document } from 'yaml';
import { PlumbError, throwAll } from '../model/error.js';
import type { ConstructCall } from '../model/construct-call.js';
import type { ManifestRequest } from '../model/manifest-request.js';
import { Calls, type Resource } from './calls.js';
import { cidrGroup } from './cilium-cidr.js';
import { ciliumApiRules, ciliumPolicy } from './cilium.js';
import { kubernetesPolicy } from './kubernetes-policy.js';
import { At, Refused, type Source } from './place.js';
import { service } from './service.js';
import {
  adminNetworkPolicy,
  baselineAdminNetworkPolicy,
  clusterNetworkPolicy,
} from './tier-policy.js';
import { namespace, pod, POD_RANGE, workload } from './workload.js';

/** A file of manifests: YAML or JSON, one document or many. */
export interface ManifestFile {
  /** What errors and origins call it. */
  readonly name: string;
  readonly text: string;
}

/** The one that has all endpoints: its name, and its variable. */
const NODE = 'node';

type ResourceReader = (at: At) => Resource | undefined;

/** Nothing of these bears on who may talk to whom. */
const nothing: ResourceReader = () => undefined;

interface KnownKind {
  /** Versions of the group that have the fields that are read. */
  readonly versions: readonly string[];
  readonly read: ResourceReader;
}

const known = (versions: string, read: ResourceReader): KnownKind => ({
  versions: versions.split(' '),
  read,
});

/** Group and kind -> what it means. */
const KINDS: Readonly<Record<string, KnownKind>> = {
  '/ConfigMap': known('v1', nothing),
  '/Namespace': known('v1', namespace),
  '/Pod': known('v1', pod),
  '/Secret': known('v1', nothing),
  '/Service': known('v1', service),
  '/ServiceAccount': known('v1', nothing),
  'apps/DaemonSet': known('v1', workload('DaemonSet')),
  'apps/Deployment': known('v1', workload('Deployment')),
  'apps/ReplicaSet': known('v1', workload('ReplicaSet')),
  'apps/StatefulSet': known('v1', workload('StatefulSet')),
  'cilium.io/CiliumCIDRGroup': known('v2 v2alpha1', cidrGroup),
  'cilium.io/CiliumClusterwideNetworkPolicy': known('v2', ciliumPolicy(false)),
  'cilium.io/CiliumNetworkPolicy': known('v2', ciliumPolicy(true)),
  'networking.k8s.io/NetworkPolicy': known('v1', kubernetesPolicy),
  'policy.networking.k8s.io/AdminNetworkPolicy': known('v1alpha1', adminNetworkPolicy),
  'policy.networking.k8s.io/BaselineAdminNetworkPolicy': known(
    'v1alpha1',
    baselineAdminNetworkPolicy,
  ),
  'policy.networking.k8s.io/ClusterNetworkPolicy': known('v1alpha2', clusterNetworkPolicy),
};

/** Why policies that do not say who may talk to whom are none of ours. */
const OTHERS: Readonly<Record<string, string>> = {
  'cilium.io/CiliumEgressGatewayPolicy': 'it chooses the node by which a cluster is left',
  'cilium.io/CiliumLocalRedirectPolicy': 'it redirects a service to pods of the same node',
};

/** Names, `group/Kind`, of what can be imported. */
export const SUPPORTED_KINDS: readonly string[] = Object.keys(KINDS);

/**
 * What manifests mean, as the constructs of a program with one node that has all endpoints.
 * @throws PlumbError or PlumbErrors, those of all files together: PLB_MANIFEST_SYNTAX,
 *   PLB_MANIFEST_KIND, PLB_MANIFEST_FIELD, PLB_MANIFEST_VALUE, PLB_MANIFEST_UNSUPPORTED
 */
export function readManifests(
  files: readonly ManifestFile[],
  { range = POD_RANGE, taken = [] }: Omit<ManifestRequest, 'path'> = {},
): readonly ConstructCall[] {
  const errors: PlumbError[] = [];
  const resources = files.flatMap((file) => readFile(file, errors));
  rejectTwins(resources);
  throwAll(errors);
  const calls = new Calls(range, taken);
  // What others name comes first.
  const first = ['Namespace', 'CiliumCIDRGroup', 'Service'];
  const order = [...resources].sort(
    (a, b) => Number(first.includes(b.kind)) - Number(first.includes(a.kind)),
  );
  calls.id('app', NODE, 'node');
  for (const { emit } of order) emit(calls);
  throwAll(errors);
  const origin = { file: files[0]?.name ?? 'manifests', line: 1, column: 1 };
  const props = { podCIDRs: [range] };
  return [
    { construct: 'Node', variable: NODE, scope: 'app', id: NODE, props, origin },
    ...calls.all(),
  ];
}

function readFile({ name, text }: ManifestFile, errors: PlumbError[]): Resource[] {
  const lines = new LineCounter();
  const source: Source = { file: name, lines, errors };
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    version: '1.1',
    logLevel: 'silent',
  });
  return (documents as Document.Parsed[]).flatMap((document, index) => {
    for (const error of [...document.errors, ...document.warnings]) {
      const { line, col } = lines.linePos(error.pos[0]);
      const [message = ''] = error.message.split(' at line ');
      const origin = { path: '', file: name, line, column: col };
      const hint = 'Mend the YAML.';
      errors.push(
        new PlumbError('PLB_MANIFEST_SYNTAX', `${name}:${line}: ${message}`, { origin, hint }),
      );
    }
    if (document.errors.length + document.warnings.length > 0) return [];
    const at = new At(source, '', document.contents);
    if (at.isNull) return [];
    const base = (name.split('/').at(-1) ?? name).replace(/\.\w+$/, '').toLowerCase();
    const rules = base.replaceAll(/[^a-z0-9.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '') || 'rules';
    return readItem(at, index === 0 ? rules : `${rules}-${String(index + 1)}`);
  });
}

/** A document, or the items of a List. */
function readItem(at: At, rulesName: string): Resource[] {
  try {
    if (isSeq(at.node)) return [ciliumApiRules(rulesName)(at)];
    const fields = new Map(at.pairs('mapping'));
    const kind = fields.get('kind')?.scalar();
    const apiVersion = fields.get('apiVersion')?.scalar();
    if (typeof kind !== 'string' || typeof apiVersion !== 'string') {
      at.refuse('PLB_MANIFEST_KIND', 'has no kind and apiVersion', 'Say what it is.');
    }
    if (kind === 'List' && apiVersion === 'v1') return readList(at, fields, rulesName);
    const resource = readerOf(at, kind, apiVersion)(at);
    return resource === undefined ? [] : [resource];
  } catch (error) {
    if (error instanceof Refused) return [];
    throw error;
  }
}

/** @throws Refused for a kind, or a version of one, that is not known */
function readerOf(at: At, kind: string, apiVersion: string): ResourceReader {
  const cut = apiVersion.lastIndexOf('/');
  const [group, version] = [apiVersion.slice(0, Math.max(cut, 0)), apiVersion.slice(cut + 1)];
  const name = `${group}/${kind}`;
  const what = `is a ${kind} of ${apiVersion}, which is not supported`;
  const found = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (found === undefined) {
    const why = Object.hasOwn(OTHERS, name) ? `: ${OTHERS[name] ?? ''}` : '';
    const kinds = SUPPORTED_KINDS.map((one) => one.replace(/^\//, '')).join(', ');
    at.refuse('PLB_MANIFEST_KIND', `${what}${why}`, `Leave it out. Supported: ${kinds}.`);
  }
  if (found.versions.includes(version)) return found.read;
  const versions = found.versions.map((one) => (group === '' ? one : `${group}/${one}`));
  return at.refuse('PLB_MANIFEST_KIND', what, `Write it as ${versions.join(' or ')}.`);
}

function readList(at: At, fields: ReadonlyMap<string, At>, rulesName: string): Resource[] {
  for (const [name, member] of fields) {
    if (['apiVersion', 'kind', 'metadata', 'items'].includes(name)) continue;
    member.complain('PLB_MANIFEST_FIELD', 'is no field of a List', 'There are items.');
  }
  const items = fields.get('items');
  if (items === undefined) at.refuse('PLB_MANIFEST_VALUE', 'has no items', 'A List needs them.');
  return items.items().flatMap((item): Resource[] => {
    if (isMap(item.node)) return readItem(item, rulesName);
    item.complain('PLB_MANIFEST_VALUE', 'is no mapping', 'Write an object.');
    return [];
  });
}

/** Two objects of one name are two opinions about one thing. */
function rejectTwins(resources: readonly Resource[]): void {
  const seen = new Map<string, Resource>();
  for (const resource of resources) {
    const { kind, metadata, at, isNamespaced } = resource;
    const { namespace: of = 'default', name } = metadata;
    const key = [kind, isNamespaced ? of : '', name].join('/');
    const first = seen.get(key);
    seen.set(key, first ?? resource);
    if (first === undefined) continue;
    const { file, line } = first.at.place;
    const message = `is the second ${kind} ${name}; the first is at ${file}:${String(line)}`;
    at.complain('PLB_MANIFEST_VALUE', message, 'Leave one of the two out.');
  }
}
