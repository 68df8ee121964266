import {
  boolean,
  integer,
  list,
  meaningless,
  object,
  oneOf,
  optional,
  required,
} from './reader.js';
import { text, type Reader } from './reader.js';
import type { PortSpec } from '../model/program.js';

interface ContainerPort {
  readonly name?: string | undefined;
  readonly containerPort: number;
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP' | undefined;
}

const containerPort = object<ContainerPort>('container port', {
  name: optional(text),
  containerPort: required(integer),
  protocol: optional(oneOf('TCP', 'UDP', 'SCTP')),
  hostPort: optional((at) => {
    if (integer(at) === 0) return;
    at.refuse('PLB_MANIFEST_UNSUPPORTED', 'is not supported: ports of the node', 'Leave it out.');
  }),
  hostIP: optional(text),
});

const container = object<{ readonly ports?: readonly ContainerPort[] | undefined }>('container', {
  ports: optional(list(containerPort)),
  ...meaningless(
    'name',
    'image',
    'imagePullPolicy',
    'command',
    'args',
    'workingDir',
    'env',
    'envFrom',
  ),
  ...meaningless('resources', 'resizePolicy', 'restartPolicy', 'volumeMounts', 'volumeDevices'),
  ...meaningless('livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle', 'securityContext'),
  ...meaningless('terminationMessagePath', 'terminationMessagePolicy', 'stdin', 'stdinOnce', 'tty'),
});

/** What of a pod's spec policies can see. */
export interface PodSpec {
  /** Named ports of all containers. */
  readonly ports: Readonly<Record<string, PortSpec>>;
  readonly serviceAccount: string;
}

interface Raw {
  readonly containers: readonly { readonly ports?: readonly ContainerPort[] | undefined }[];
  readonly initContainers?: Raw['containers'] | undefined;
  readonly serviceAccountName?: string | undefined;
  readonly serviceAccount?: string | undefined;
}

const raw = object<Raw>('pod', {
  containers: required(list(container)),
  initContainers: optional(list(container)),
  serviceAccountName: optional(text),
  serviceAccount: optional(text),
  hostNetwork: optional((at) => {
    if (!boolean(at)) return;
    const hint = 'Leave the pod out, and select the node by nodeSelector.';
    at.refuse('PLB_MANIFEST_UNSUPPORTED', 'is not supported: the pod is the node itself', hint);
  }),
  ...meaningless('activeDeadlineSeconds', 'affinity', 'automountServiceAccountToken', 'dnsConfig'),
  ...meaningless(
    'dnsPolicy',
    'enableServiceLinks',
    'ephemeralContainers',
    'hostAliases',
    'hostIPC',
  ),
  ...meaningless(
    'hostPID',
    'hostUsers',
    'hostname',
    'imagePullSecrets',
    'nodeName',
    'nodeSelector',
  ),
  ...meaningless('os', 'overhead', 'preemptionPolicy', 'priority', 'priorityClassName'),
  ...meaningless(
    'readinessGates',
    'resourceClaims',
    'resources',
    'restartPolicy',
    'runtimeClassName',
  ),
  ...meaningless('schedulerName', 'schedulingGates', 'securityContext', 'setHostnameAsFQDN'),
  ...meaningless('shareProcessNamespace', 'subdomain', 'terminationGracePeriodSeconds'),
  ...meaningless('tolerations', 'topologySpreadConstraints', 'volumes'),
});

export const podSpec: Reader<PodSpec> = (at) => {
  const { containers, serviceAccountName, serviceAccount } = raw(at);
  const named = containers.flatMap(({ ports = [] }) => ports).filter(({ name }) => name);
  const ports: Record<string, PortSpec> = {};
  for (const { name = '', containerPort: port, protocol = 'TCP' } of named) {
    if (Object.hasOwn(ports, name)) {
      at.refuse('PLB_MANIFEST_VALUE', `has two ports called ${name}`, 'Give one another name.');
    }
    ports[name] = { port, protocol };
  }
  return { ports, serviceAccount: serviceAccountName ?? serviceAccount ?? 'default' };
};
