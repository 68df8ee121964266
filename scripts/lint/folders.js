// The one table of which part may use which. ARCHITECTURE.md tells the same as a story.

/** Folder -> folders it may import from, besides itself. The order is from the inside out. */
export const directions = {
  model: [],
  plugins: [],
  constructs: ['model'],
  state: ['model'],
  policy: ['model', 'plugins'],
  manifests: ['model', 'constructs'],
  synth: ['model', 'constructs', 'policy', 'state'],
  plan: ['model', 'state'],
  verdict: ['model', 'policy'],
  lint: ['model', 'state', 'plan', 'policy'],
  report: ['model', 'state', 'plan', 'verdict'],
  loader: ['model'],
  proxy: ['model', 'state', 'plugins'],
  kernel: ['model', 'state', 'plan', 'proxy'],
  supervisor: ['model', 'state', 'policy', 'plugins', 'proxy', 'kernel'],
  apply: ['model', 'state', 'plan', 'kernel'],
  engine: [
    ...['model', 'constructs', 'state', 'policy', 'synth', 'plan', 'verdict', 'lint', 'report'],
    ...['manifests', 'loader', 'plugins', 'proxy', 'kernel', 'apply'],
  ],
  testing: [
    'model',
    'constructs',
    'state',
    'policy',
    'synth',
    'plan',
    'verdict',
    'report',
    'engine',
  ],
  agent: ['model', 'report', 'engine'],
  cni: ['model', 'report', 'engine'],
  cli: ['model', 'report', 'engine'],
};

/** Where each part is, from the root. */
export const patterns = Object.fromEntries(
  Object.keys(directions).map((name) => [
    name,
    name === 'constructs' ? 'constructs' : `src/${name}`,
  ]),
);

/** Shells around the engine: they may name any type, and call only what the table allows. */
export const shells = ['agent', 'cni', 'cli'];

/** The functional core: no input, no output, no clock, no chance. */
export const pure = [
  'model',
  'plugins',
  'constructs',
  'manifests',
  'policy',
  'state',
  'synth',
  'plan',
  'verdict',
  'lint',
  'report',
];

/** What of Node.js the core may use: computation only. */
export const pureModules = ['assert', 'buffer', 'crypto', 'path', 'string_decoder', 'util'];

/** Modules with one door: module -> parts that may import it. */
export const doors = {
  typescript: ['loader'],
  esbuild: ['loader'],
  '@jridgewell/trace-mapping': ['loader'],
  'json-diff-ts': ['plan'],
  '@viz-js/viz': ['engine'],
  yaml: ['manifests'],
  '@oclif/core': ['cli'],
  cdk8s: ['engine'],
  etcd3: ['agent'],
  '@grpc/grpc-js': ['agent'],
};

/** Native code comes in through this file alone. */
export const nativeDoor = 'src/kernel/native.ts';
export const nativeModules = ['libbpf-napi', 'iproute2-netlink'];

/** Parts that may start processes. */
export const processDoors = ['loader', 'cli', 'proxy', 'supervisor'];
