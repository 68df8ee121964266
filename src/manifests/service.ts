import { NAMESPACE_LABEL } from '../model/namespace.js';
import type { ConstructCall } from '../model/construct-call.js';
import type { Labels } from '../model/program.js';
import type { Calls, Resource } from './calls.js';
import { metadata, type Metadata } from './metadata.js';
import type { At } from './place.js';
import { defined, ignored, integer, list, meaningless, object, oneOf, optional } from './reader.js';
import { refused, required, text, texts, textOrInteger } from './reader.js';

/** Range that services without an address of their own get one from. */
const SERVICE_RANGE = '10.96.0.0/16';

/** Kubernetes' default for `sessionAffinityConfig`. */
const AFFINITY_SECONDS = 10_800;

const SOON = 'Leave the service out, or wait for a version that has it.';

interface Port {
  readonly name?: string | undefined;
  readonly port: number;
  readonly targetPort?: number | undefined;
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP' | undefined;
}

const port = object<Port>('service port', {
  name: optional(text),
  port: required(integer),
  targetPort: optional((at) => {
    const value = textOrInteger(at);
    if (typeof value === 'number') return value;
    const hint = 'Write the number of the port.';
    return at.refuse('PLB_MANIFEST_UNSUPPORTED', 'is not supported: a port by its name', hint);
  }),
  protocol: optional(oneOf('TCP', 'UDP', 'SCTP')),
  appProtocol: optional(text),
  nodePort: refused('ports of the node', SOON),
});

interface Spec {
  readonly clusterIP?: string | undefined;
  readonly clusterIPs?: readonly string[] | undefined;
  readonly ports?: readonly Port[] | undefined;
  readonly selector?: Labels | undefined;
  readonly sessionAffinity?: 'None' | 'ClientIP' | undefined;
  readonly sessionAffinityConfig?:
    | { readonly clientIP?: { readonly timeoutSeconds?: number | undefined } | undefined }
    | undefined;
}

const document = object<{ readonly metadata: Metadata; readonly spec: Spec }>('Service', {
  apiVersion: required(text),
  kind: ignored,
  metadata: required(metadata),
  spec: required(
    object<Spec>('Service', {
      type: optional((at) => {
        if (text(at) === 'ClusterIP') return;
        at.refuse('PLB_MANIFEST_UNSUPPORTED', 'is not supported: only ClusterIP is', SOON);
      }),
      clusterIP: optional(text),
      clusterIPs: optional(list(text)),
      ports: optional(list(port)),
      selector: optional(texts),
      sessionAffinity: optional(oneOf('None', 'ClientIP')),
      sessionAffinityConfig: optional(
        object<NonNullable<Spec['sessionAffinityConfig']>>('sessionAffinityConfig', {
          clientIP: optional(
            object<{ readonly timeoutSeconds?: number | undefined }>('clientIP', {
              timeoutSeconds: optional(integer),
            }),
          ),
        }),
      ),
      externalIPs: refused('addresses from outside', SOON),
      ...meaningless('ipFamilies', 'ipFamilyPolicy', 'internalTrafficPolicy'),
      ...meaningless('publishNotReadyAddresses'),
    }),
  ),
  status: ignored,
});

/** A service of type ClusterIP. A headless one is only a name, so that nothing is made of it. */
export function service(at: At): Resource {
  const { metadata: meta, spec } = document(at);
  const { name, namespace = 'default', labels = {} } = meta;
  const emit = (calls: Calls): void => {
    const known = { name, namespace, labels };
    if (spec.clusterIP === 'None') {
      const refusal = 'which is headless, so that nothing is made of it';
      calls.services.push({ ...known, refusal });
      return;
    }
    const construct = addService(calls, meta, spec, at);
    const refusal = 'which has no selector: its back-ends are in no manifest that is read';
    const isSelected = Object.keys(spec.selector ?? {}).length > 0;
    calls.services.push({ ...known, construct, ...(!isSelected && { refusal }) });
  };
  return { kind: 'Service', metadata: meta, at, isNamespaced: true, emit };
}

/** @returns what the construct is called */
function addService(
  calls: Calls,
  { name, namespace = 'default' }: Metadata,
  spec: Spec,
  at: At,
): string {
  const {
    clusterIP,
    clusterIPs,
    ports = [],
    selector,
    sessionAffinity,
    sessionAffinityConfig,
  } = spec;
  const given = clusterIPs ?? (clusterIP ? [clusterIP] : []);
  const addresses =
    given.length > 0
      ? given
      : [calls.address(SERVICE_RANGE, `${namespace}/${name}`)].filter((one) => one !== undefined);
  for (const address of addresses) calls.reserve(address);
  const called = calls.label('app/service', namespace, name);
  const id = calls.id('app', called, 'service');
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS;
  // One without a selector is no service of everybody: Kubernetes is told its back-ends otherwise.
  const isSelected = selector !== undefined && Object.keys(selector).length > 0;
  const props = defined({
    name: id === called ? undefined : called,
    addresses,
    ports: ports.map((one) => defined(one)),
    selector: isSelected
      ? { matchLabels: { ...selector, [NAMESPACE_LABEL]: namespace } }
      : undefined,
    affinity: sessionAffinity === 'ClientIP' ? seconds : undefined,
  }) as ConstructCall['props'];
  calls.add({ construct: 'Service', scope: 'app', id, props, origin: at.place });
  return called;
}
