import type { Row } from './row.js';

/** A row of README's table, and the row of a benchmark that it shows. */
export interface Claim {
  readonly what: string;
  /** File of the benchmark, without its ending. */
  readonly benchmark: string;
  readonly name: string | RegExp;
  readonly workload?: RegExp;
  readonly peer?: RegExp;
}

const MODES = /mode socket$/;
const POLICY = 'policy/compile';
const PACKET = 'datapath/per-packet';
const TRAFFIC = 'traffic/forwarding';
const PROXY = 'proxy/modes';
const TEMPLATE = /template/;

/** One claim a row, in README's order. */
export const CLAIMS: readonly Claim[] = [
  {
    what: 'compile 1,000 rules, 50,000 identities, 100 endpoints',
    ...{ benchmark: POLICY, name: 'compile', workload: /^50,000 .* 1,000 rules/ },
  },
  {
    what: 'the same with 10,000 identities',
    ...{ benchmark: POLICY, name: 'compile', workload: /^10,000 / },
  },
  {
    what: 'entries that the first needs',
    ...{ benchmark: POLICY, name: 'entries of policy', workload: /1,000 rules/ },
  },
  {
    what: 'memory of the process that compiles it',
    ...{ benchmark: POLICY, name: 'memory of the whole process' },
  },
  { what: 'one new identity among 10,000', benchmark: POLICY, name: /^new identity/ },
  ...['1', '10', '100'].map((count) => ({
    what: `a rule added that concerns ${count} of 100 endpoints`,
    ...{ benchmark: POLICY, name: `rule added for ${count} of the endpoints` },
  })),
  {
    what: 'worst case: 50,000 identities, each a class of its own',
    ...{ benchmark: POLICY, name: 'compile', workload: /class of its own/ },
  },
  {
    what: 'entries that it needs',
    ...{ benchmark: POLICY, name: 'entries of policy', workload: /class of its own/ },
  },
  {
    what: 'deploy an endpoint: program and 10 policy entries of its own',
    ...{ benchmark: 'datapath/deploy', name: 'deploy an endpoint', peer: /^template/ },
  },
  {
    what: 'the same',
    ...{ benchmark: 'datapath/deploy', name: 'deploy an endpoint', peer: /^compile/ },
  },
  ...[
    'new connection',
    'new connection, IPv6',
    'new connection, to a service',
    'established',
    'established, IPv6',
    'established, to a service',
    'denied',
  ].map((one) => ({
    what: `per packet, ${one}`,
    ...{ benchmark: PACKET, name: `per packet, ${one}`, peer: TEMPLATE },
  })),
  {
    what: 'the same, established, against parsing and passing on alone',
    ...{ benchmark: PACKET, name: 'per packet, established', peer: /parsing/ },
  },
  ...[
    ['transactions a second on one connection', 'TCP, transactions on one connection'],
    ['connections a second', 'TCP, connections, each with one transaction'],
    ['bytes a second', 'TCP, bulk'],
  ].flatMap(([what = '', name = '']) =>
    ['10', '1,000', '10,000'].flatMap((rules) =>
      [/^bare/, /^nftables/].map((peer) => ({
        what: `TCP between two endpoints, ${rules} rules: ${what}`,
        ...{ benchmark: TRAFFIC, name, workload: new RegExp(` ${rules} rules`), peer },
      })),
    ),
  ),
  ...[
    ['requests a second, 4 connections', /^requests by HTTP/],
    ['requests a second, a connection each', /^connections by HTTP/],
    ['connections a second, opened and closed', /^connections opened/],
  ].flatMap(([what, name]) =>
    [/without a rule/, /^mode nat/, /^mode tproxy/, /^textbook/].map((peer) => ({
      what: `HTTP through the proxy: ${String(what)}`,
      ...{ benchmark: PROXY, name: name as RegExp, workload: MODES, peer },
    })),
  ),
  ...[
    ['requests a second, a connection each', /^connections by HTTP/],
    ['connections a second, opened and closed', /^connections opened/],
  ].map(([what, name]) => ({
    what: `HTTP through the proxy: ${String(what)}`,
    ...{ benchmark: PROXY, name: name as RegExp, workload: /mode socket, firewall/, peer: /fire/ },
  })),
  ...['nat', 'tproxy', 'socket'].map((mode) => ({
    what: `HTTP through the proxy, mode ${mode}: mean time of a request`,
    ...{ benchmark: PROXY, name: /^mean time of one: requests/, peer: /without a rule/ },
    workload: new RegExp(`mode ${mode}$`),
  })),
  {
    what: 'another endpoint beside 1,000, with 200 sets of rules of HTTP',
    ...{ benchmark: 'proxy/endpoints', name: /steps of the plan/ },
  },
  {
    what: 'map writes from TypeScript, hash',
    ...{ benchmark: 'kernel/map-writes', name: 'map writes, hash', workload: /^10,000 / },
  },
  {
    what: 'diff of a million entries with one change',
    ...{ benchmark: 'state/diff', name: 'diff with one change', workload: /^1,000,000/ },
  },
  {
    what: 'plan between two states of a million entries, one change',
    ...{ benchmark: 'state/diff', name: 'plan with one change' },
  },
  {
    what: 'memory of the process that plans it',
    ...{ benchmark: 'state/diff', name: 'memory of the whole process of that' },
  },
  {
    what: 'cold `plumb plan` of 10,000 endpoints',
    ...{ benchmark: 'cli/large-plan', name: 'plumb plan' },
  },
  { what: 'planning, of that', benchmark: 'cli/large-plan', name: /^of it: planning alone/ },
  {
    what: 'planning when nothing differs',
    ...{ benchmark: 'cli/large-plan', name: 'planning alone, no steps' },
  },
  {
    what: 'cold `plumb plan` of star-wars, with type check',
    ...{ benchmark: 'cli/cold-plan', name: 'plumb plan' },
  },
  { what: '`plumb --help`', benchmark: 'cli/cold-plan', name: 'plumb --help' },
];

/** The row that a claim is about. @throws Error when it is not exactly one of those measured. */
export function rowOf(
  { what, benchmark, name, workload = /^/, peer = /^/ }: Claim,
  rows: Readonly<Record<string, readonly Row[]>>,
): Row {
  const found = (rows[benchmark] ?? []).filter(
    (row) =>
      (typeof name === 'string' ? row.name === name : name.test(row.name)) &&
      workload.test(row.workload) &&
      peer.test(row.peer),
  );
  const [row] = found;
  if (row === undefined || found.length > 1) {
    throw new Error(`${String(found.length)} rows of ${benchmark} are what README calls: ${what}`);
  }
  return row;
}
