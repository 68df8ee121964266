import type { SelectorSpec } from '../model/program.js';
import { matchesSelector } from '../model/selector.js';
import type { Calls, KnownService } from './calls.js';
import type { At } from './place.js';
import {
  list,
  object,
  optional,
  placed,
  required,
  text,
  type Placed,
  type Reader,
} from './reader.js';
import { selector } from './selector.js';

/** Services by one name, or by their labels; without a namespace in any. Exactly one of the two. */
export interface ServiceSource {
  readonly k8sService?: Named | undefined;
  readonly k8sServiceSelector?: Selected | undefined;
}

interface Named {
  readonly serviceName: string;
  readonly namespace?: string | undefined;
}

interface Selected {
  readonly selector: SelectorSpec;
  readonly namespace?: string | undefined;
}

const raw = object<ServiceSource>('service', {
  k8sService: optional(
    object<Named>('k8sService', { serviceName: required(text), namespace: optional(text) }),
  ),
  k8sServiceSelector: optional(
    object<Selected>('k8sServiceSelector', {
      selector: required(selector),
      namespace: optional(text),
    }),
  ),
});

const source: Reader<ServiceSource> = (at) => {
  const value = raw(at);
  const { k8sService, k8sServiceSelector } = value;
  if ((k8sService === undefined) !== (k8sServiceSelector === undefined)) return value;
  const message = 'needs one of k8sService and k8sServiceSelector';
  return at.refuse('PLB_MANIFEST_VALUE', message, 'Write one entry for each.');
};

/** `toServices` of a rule. */
export const serviceSources = list(placed(source));

/**
 * Names of the Service constructs that entries mean. Services by label are those among the manifests,
 * written out: what is not there has no back-ends that anybody could know.
 */
export function writeServices(
  calls: Calls,
  sources: readonly Placed<ServiceSource>[],
): readonly string[] {
  const names = sources.flatMap(({ value: { k8sService, k8sServiceSelector }, at }) => {
    if (k8sService !== undefined) return byName(calls, k8sService, at);
    return k8sServiceSelector === undefined ? [] : byLabels(calls, k8sServiceSelector, at);
  });
  return [...new Set(names)];
}

function byName(calls: Calls, { serviceName, namespace: asked }: Named, at: At): string[] {
  const found = calls.services.filter(({ name, namespace }) => {
    return name === serviceName && (!asked || namespace === asked);
  });
  const full = asked ? `${asked}/${serviceName}` : serviceName;
  if (found.length === 0) {
    const hint = `Give the file with the Service ${full}, too.`;
    at.complain('PLB_MANIFEST_VALUE', `names a service ${full}, which is not there`, hint);
  }
  return found.flatMap((service) => nameOf(service, at));
}

function byLabels(calls: Calls, { selector: wanted, namespace: asked }: Selected, at: At) {
  const found = calls.services.filter(({ labels, namespace }) => {
    return matchesSelector(wanted, labels) && (!asked || namespace === asked);
  });
  if (found.length === 0) {
    const where = asked ? ` of namespace ${asked}` : '';
    const hint = 'Give the file with the Services that it means, too.';
    at.complain('PLB_MANIFEST_VALUE', `selects no service${where} that is there`, hint);
  }
  return found.flatMap((service) => nameOf(service, at));
}

/** The construct's name; a service that has none, or whose back-ends are unknown, is refused. */
function nameOf({ name, namespace, construct, refusal }: KnownService, at: At): string[] {
  if (construct !== undefined && refusal === undefined) return [construct];
  const message = `means the service ${namespace}/${name}, ${refusal ?? 'which is no construct'}`;
  at.complain('PLB_MANIFEST_UNSUPPORTED', message, 'Select its back-ends, or name their CIDRs.');
  return [];
}
