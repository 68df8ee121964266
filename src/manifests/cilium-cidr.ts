import type { ConstructCall, PlainValue } from '../model/construct-call.js';
import type { SelectorSpec } from '../model/program.js';
import type { Calls, Resource } from './calls.js';
import { metadata, type Metadata } from './metadata.js';
import type { At } from './place.js';
import { defined, ignored, list, object, optional, required, text, type Reader } from './reader.js';
import { selector } from './selector.js';

/** A CIDR with exceptions, or a group of CIDRs: exactly one of the first three. */
export interface CidrSource {
  readonly cidr?: string | undefined;
  readonly cidrGroupRef?: string | undefined;
  readonly cidrGroupSelector?: SelectorSpec | undefined;
  readonly except?: readonly string[] | undefined;
}

const raw = object<CidrSource>('CIDR rule', {
  cidr: optional(text),
  cidrGroupRef: optional(text),
  cidrGroupSelector: optional(selector),
  except: optional(list(text)),
});

export const cidrSource: Reader<CidrSource> = (at) => {
  const value = raw(at);
  const { cidr, cidrGroupRef, cidrGroupSelector } = value;
  if ([cidr, cidrGroupRef, cidrGroupSelector].filter((s) => s !== undefined).length === 1)
    return value;
  const message = 'needs one of cidr, cidrGroupRef and cidrGroupSelector';
  return at.refuse('PLB_MANIFEST_VALUE', message, 'Write one rule for each.');
};

/** The entry as the construct takes it; `at` is the rule, for a group that no manifest has. */
export function writeCidr(calls: Calls, source: CidrSource, at: At): PlainValue {
  const { cidr, cidrGroupRef, cidrGroupSelector, except = [] } = source;
  if (cidrGroupRef !== undefined && !calls.groups.has(cidrGroupRef)) {
    at.complain(
      'PLB_MANIFEST_VALUE',
      `names a CIDR group ${cidrGroupRef}, which is not there`,
      `Give the file with the CiliumCIDRGroup ${cidrGroupRef}, too.`,
    );
  }
  // An exception outside its own prefix is left for validation to refuse.
  return defined({
    cidr: cidr === undefined ? undefined : withLength(cidr),
    cidrGroupRef,
    cidrGroupSelector,
    except: except.length > 0 ? except.map(withLength) : undefined,
  }) as PlainValue;
}

/** Cilium takes a bare address for a prefix of its full length. */
export function withLength(text: string): string {
  if (text.includes('/')) return text;
  return `${text}/${text.includes(':') ? '128' : '32'}`;
}

interface GroupDocument {
  readonly metadata: Metadata;
  readonly spec: { readonly externalCIDRs: readonly string[] };
}

const groupDocument = object<GroupDocument>('CIDR group', {
  apiVersion: required(text),
  kind: ignored,
  metadata: required(metadata),
  spec: required(
    object<GroupDocument['spec']>('CIDR group', { externalCIDRs: required(list(text)) }),
  ),
  status: ignored,
});

/** CiliumCIDRGroup: prefixes that rules name by the group's name or labels. */
export function cidrGroup(at: At): Resource {
  const { metadata: meta, spec } = groupDocument(at);
  const cidrs = spec.externalCIDRs.map(withLength);
  const emit = (calls: Calls): void => {
    const { name, labels } = meta;
    calls.groups.add(name);
    const id = calls.id('app', name, 'group');
    const props: ConstructCall['props'] = {
      ...(id !== name && { name }),
      ...(labels && Object.keys(labels).length > 0 && { labels }),
      cidrs,
    };
    calls.add({ construct: 'CIDRGroup', scope: 'app', id, props, origin: at.place });
  };
  return { kind: 'CiliumCIDRGroup', metadata: meta, at, isNamespaced: false, emit };
}
