/** Error of a bpf or libbpf call: errno name in `code` ('ENOENT'), number in `errno`, the call in `syscall`,
 *  libbpf's/the verifier's message in `log` (last lines; summary in message). */
export class BpfError extends Error {
  code: string;
  errno: number;
  syscall: string;
  log?: string;
}

export interface OpenOptions {
  /** Values of `const volatile` globals by name, raw bytes little-endian, written into .rodata before load. */
  rodata?: Record<string, Uint8Array>;
  /** Maps to reuse instead of creating: name -> BpfMap. */
  reuseMaps?: Record<string, BpfMap>;
  /** max_entries overrides by map name. */
  maxEntries?: Record<string, number>;
}
/** Opens and loads (verifies) an ELF object off the main thread. */
export function loadObject(path: string, options?: OpenOptions): Promise<BpfObject>;
export class BpfObject {
  programs(): string[];
  maps(): string[];
  program(name: string): BpfProgram;
  map(name: string): BpfMap;
  close(): void;
}

export interface MapInfo {
  id: number;
  name: string;
  type: string;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  flags: number;
  frozen: boolean;
  btfId: number;
}
export class BpfMap {
  static create(o: {
    type: string;
    name: string;
    keySize: number;
    valueSize: number;
    maxEntries: number;
    flags?: number;
  }): BpfMap;
  static openPinned(path: string): BpfMap; // throws BpfError ENOENT
  static openId(id: number): BpfMap;
  readonly fd: number;
  info(): MapInfo;
  pin(path: string): void;
  lookup(key: Uint8Array): Uint8Array | undefined; // percpu maps: all CPUs' values, each rounded up to 8 bytes
  update(key: Uint8Array, value: Uint8Array, flags?: number): void;
  delete(key: Uint8Array): boolean; // false when there was none
  /** count keys/values packed one after the other; falls back to single calls where a map type has no batch. */
  updateBatch(keys: Uint8Array, values: Uint8Array, count: number): Promise<void>;
  deleteBatch(keys: Uint8Array, count: number): Promise<void>; // absent keys are fine
  /** All entries, packed. Consistent enough under concurrent change: no duplicates. */
  dump(): Promise<{ count: number; keys: Uint8Array; values: Uint8Array }>;
  freeze(): void;
  close(): void;
}
export interface ProgramInfo {
  id: number;
  name: string;
  type: string;
  tag: string;
  mapIds: number[];
  loadTime: bigint;
  xlatedLength: number;
  verifiedInstructions: number;
  btfId: number;
}
export interface TestRunOptions {
  data: Uint8Array;
  ifindex?: number;
  ingressIfindex?: number;
  mark?: number;
  repeat?: number;
  netns?: string;
}
export class BpfProgram {
  static openPinned(path: string): BpfProgram;
  static openId(id: number): BpfProgram;
  readonly fd: number;
  info(): ProgramInfo;
  pin(path: string): void;
  close(): void;
  /** BPF_PROG_TEST_RUN. `ifindex` goes into the __sk_buff context (resolved in `netns` when given: path such as /run/netns/x; run on a
   *  private thread that entered it). Returns retval and output packet. `repeat` > 1 gives the mean duration in ns. */
  testRun(
    o: TestRunOptions,
  ): Promise<{ retval: number; duration: number; data: Uint8Array; mark: number }>;
  /** Many packets in one thread hop (property tests): packed results. */
  testRunBatch(o: {
    packets: Uint8Array[];
    ifindexes?: Uint32Array;
    netns?: string;
  }): Promise<{ retvals: Int32Array; durations: Uint32Array }>;
}
export function unpin(path: string): void; // ENOENT is fine
/** Ring buffer consumer; callback on the main thread with a copy of each record. */
export class RingBuffer {
  constructor(map: BpfMap, onRecord: (record: Uint8Array) => void);
  /** drain what is there now; returns the number */ consume(): number;
  /** poll in the background until close */ start(): void;
  close(): void;
}
export interface BtfField {
  name: string;
  offset: number;
  size: number;
}
/** Layout of a struct/typedef'd struct by name out of an object file's BTF (or a loaded BTF id). */
export function btfLayout(objectPath: string, struct: string): { size: number; fields: BtfField[] };
export class BpfLink {
  static openPinned(path: string): BpfLink;
  readonly fd: number;
  info(): { id: number; programId: number; type: string; [k: string]: unknown };
  pin(path: string): void;
  update(program: BpfProgram): Promise<void>;
  close(): void;
}
export function attachTcx(o: {
  program: BpfProgram;
  ifindex: number;
  direction: 'ingress' | 'egress';
  netns?: string;
}): Promise<BpfLink>;
export function attachSkLookup(o: { program: BpfProgram; netns?: string }): Promise<BpfLink>;
export function attachCgroup(o: {
  program: BpfProgram;
  cgroup: string;
  attachType: number;
}): Promise<BpfLink>;
/** ids of everything loaded in this kernel (for inventories) */
export function listIds(kind: 'program' | 'map' | 'link' | 'btf'): number[];
export function mountBpffs(path: string): void; // mkdir -p, no-op when it is bpffs already
export function isBpffs(path: string): boolean;
