import { runInThisContext } from 'node:vm';
import { expect } from 'vitest';
import * as plumbline from '../../constructs/index.js';
import { yamlOf } from '../../src/engine/export.js';
import { compileFor, type Compiled } from '../../src/engine/provenance.js';
import { documentOf } from '../../constructs/build-calls.js';
import { manifestsOf, type ExportFormat } from '../../src/manifests/export.js';
import { readManifests } from '../../src/manifests/manifests.js';
import type { ConstructCall } from '../../src/model/construct-call.js';
import { NODE_IDENTITY_MAX, NODE_IDENTITY_MIN, RESERVED } from '../../src/model/identity.js';
import { contains, parseAddress, parsePrefix } from '../../src/model/prefix.js';
import type { ProgramDocument } from '../../src/model/program.js';
import { documentErrors, resolveProgram } from '../../src/model/resolve-program.js';
import { allocateIdentities } from '../../src/synth/identities.js';
import { decide, type Side } from '../../src/verdict/decide.js';
import { ADDRESSES } from '../policy/arbitrary-rules.js';

/** What a document means on its first node. */
export function compiled(written: ProgramDocument): Compiled {
  const document = resolveProgram(written);
  const [node] = document.nodes;
  if (node === undefined) throw new Error('there is no node');
  return compileFor(document, node, allocateIdentities(document.endpoints));
}

/** What the manifests of a document mean. */
export function exportedCalls(
  document: ProgramDocument,
  format: ExportFormat,
): readonly ConstructCall[] {
  const { manifests, errors } = manifestsOf(document, format);
  expect(errors).toEqual([]);
  return readManifests([{ name: 'all.yaml', text: yamlOf(manifests) }]);
}

/** The document that is made of its own manifests, by whoever builds it of calls. */
export function roundTrip(
  document: ProgramDocument,
  format: ExportFormat,
  build: (calls: readonly ConstructCall[]) => ProgramDocument = documentOf,
): ProgramDocument {
  const again = build(exportedCalls(document, format));
  expect(documentErrors(again)).toEqual([]);
  return withNodesOf(document, again);
}

/** Nodes are no policy and stay behind: what rules see of them is given back. */
function withNodesOf(document: ProgramDocument, again: ProgramDocument): ProgramDocument {
  const { nodes } = document;
  const node = nodes[0]?.name ?? '';
  return { ...again, nodes, endpoints: again.endpoints.map((one) => ({ ...one, node })) };
}

/** The document of a program that is printed: it has no types in it, so it is JavaScript. */
export function evaluated(program: string): ProgramDocument {
  const body = program.replace(/^import (\{[^}]*\}) from 'plumbline';/, 'const $1 = plumbline;');
  const run = runInThisContext(`(plumbline) => { ${body}\nreturn app.toDocument(); }`) as (
    constructs: typeof plumbline,
  ) => ProgramDocument;
  return run(plumbline);
}

const TRAFFIC = [
  ...[1, 53, 80, 443, 8080, 65_535].map((port) => [6, port] as const),
  ...[53, 80, 443].map((port) => [17, port] as const),
  [132, 80] as const,
  [1, 8 << 8] as const,
];

/**
 * What each endpoint and the host may say to each other, to other nodes, to addresses outside and to whoever may be
 * behind names, and back; with all that rules of layer 7 let through, by who and port.
 */
export function meanings(
  { document, allocation, policy }: Compiled,
  names: readonly string[],
  addresses: readonly string[] = ADDRESSES,
): Record<string, string> {
  const isLocal = true;
  const inside = names.map((name): [string, Side] => {
    // An imported endpoint has its namespace in front of its name.
    const found = document.endpoints.find(
      (one) => one.name === name || one.name.endsWith(`-${name}`),
    );
    if (found === undefined) throw new Error(`there is no ${name}`);
    return [name, { identity: allocation.idOf(found.labels), isLocal }];
  });
  const behindNames = policy.identities
    .filter(({ labels }) => Object.keys(labels).some((key) => key.startsWith('fqdn:')))
    .map(({ id, labels }): [string, Side] => [
      Object.keys(labels).sort().join(' '),
      { identity: id, isLocal: false },
    ]);
  const nodes = policy.identities
    .filter(({ id }) => id >= NODE_IDENTITY_MIN && id <= NODE_IDENTITY_MAX)
    .map(({ id }): [string, Side] => [`node ${String(id)}`, { identity: id, isLocal: false }]);
  const sides: [string, Side][] = [
    ...inside,
    ...nodes,
    ['host', { identity: RESERVED.host, isLocal: false }],
    ...addresses.map((text): [string, Side] => [
      text,
      { identity: identityAt(policy.prefixes, text), isLocal: false },
    ]),
    ...behindNames,
  ];
  const filter = (listener: number | undefined): unknown => {
    const known = policy.listeners.get(listener ?? 0);
    if (known === undefined) return undefined;
    const { id, rules, ...rest } = known;
    return id > 0 && { ...rest, rules: rules.map(({ rule }) => rule) };
  };
  const isHere = ({ isLocal, identity }: Side): boolean => isLocal || identity === RESERVED.host;
  const said = sides.flatMap(([from, a]) =>
    sides
      .filter(([, b]) => isHere(a) || isHere(b))
      .flatMap(([to, b]) =>
        TRAFFIC.map(([protocol, port]): [string, string] => {
          const { allowed, egress, ingress } = decide(policy, a, b, protocol, port);
          const filters = [egress, ingress].map((verdict) => filter(verdict?.entry?.listener));
          const text = allowed ? JSON.stringify(filters) : 'denied';
          return [`${from} > ${to} ${String(protocol)}/${String(port)}`, text];
        }),
      ),
  );
  return Object.fromEntries(said);
}

/** Who is at an address outside: the longest prefix that has it says so. */
function identityAt(prefixes: Compiled['policy']['prefixes'], text: string): number {
  const address = parseAddress(text);
  const world = text.includes(':') ? RESERVED['world-ipv6'] : RESERVED['world-ipv4'];
  let [longest, identity] = [-1, world as number];
  for (const one of prefixes) {
    const prefix = parsePrefix(one.prefix);
    if (prefix === undefined || address === undefined || prefix.length <= longest) continue;
    if (contains(prefix, address)) [longest, identity] = [prefix.length, one.identity];
  }
  return identity;
}
