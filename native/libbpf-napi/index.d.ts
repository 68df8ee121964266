/** A failed bpf(2) or libbpf call. */
export class BpfError extends Error {
  /** Name of the errno, for example `ENOENT`; `EUNKNOWN` where there is none. */
  readonly code: string;
  /** The errno, positive. */
  readonly errno: number;
  /** The call that failed, for example `BPF_MAP_UPDATE_ELEM`; `check` for arguments that were refused here. */
  readonly syscall: string;
  /** Of a load: the last 40 lines of what libbpf and the verifier said. The message has their verdict. */
  readonly log?: string;
}

export interface LoadOptions {
  /**
   * Values of `const volatile` globals by name: their bytes in the machine's order, of exactly their
   * size. Written into .rodata before the load, so that the verifier sees constants.
   */
  rodata?: Record<string, Uint8Array>;
  /** Maps to use instead of creating the object's own, by name. Their shapes must fit. */
  reuseMaps?: Record<string, BpfMap>;
  /** Sizes to create maps with instead of the object's own, by name. */
  maxEntries?: Record<string, number>;
  /** Names of the C functions to load; the others are not verified. All by default. */
  programs?: readonly string[];
}

/**
 * Opens, relocates and loads (verifies) an ELF object, off the main thread. Loads take turns: libbpf
 * has one sink for messages in a process.
 * @throws BpfError ENOENT for an unknown variable, map or program, EMSGSIZE for a value of another size, and
 * whatever the kernel says, with the verifier's log.
 */
export function loadObject(path: string, options?: LoadOptions): Promise<BpfObject>;

/** The programs and maps of an object that was loaded. */
export class BpfObject {
  /** Names of the C functions. */
  programs(): string[];
  maps(): string[];
  /** Closed with the object. @throws BpfError EINVAL when there is none of that name. */
  program(name: string): BpfProgram;
  /** Closed with the object. @throws BpfError EINVAL when there is none of that name. */
  map(name: string): BpfMap;
  /** Closes every program and map of it. What is pinned, attached or opened elsewhere lives on. */
  close(): void;
}

/** Something that the kernel keeps while a file descriptor, a pin or an attachment holds it. */
declare abstract class Handle {
  /** @throws BpfError EBADF after close. */
  readonly fd: number;
  /** Pins at a path in a bpffs. @throws BpfError EEXIST, EINVAL (no bpffs) */
  pin(path: string): void;
  /** Closing twice is fine; everything else fails with EBADF afterwards. */
  close(): void;
}

export interface MapInfo {
  readonly id: number;
  /** At most 15 characters. */
  readonly name: string;
  /** As in `enum bpf_map_type`, lower case without its prefix: `hash`, `lpm_trie`, `ringbuf`. */
  readonly type: string;
  /** Bytes. */
  readonly keySize: number;
  /** Bytes, for one CPU. */
  readonly valueSize: number;
  readonly maxEntries: number;
  /** `BPF_F_…` */
  readonly flags: number;
  /** Whether user space may no longer write it. */
  readonly frozen: boolean;
  /** 0 for none. */
  readonly btfId: number;
}

export interface MapOptions {
  /** See {@link MapInfo.type}. */
  type: string;
  /** Cut to 15 characters. */
  name: string;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  /** `BPF_F_…`, 0 by default. An lpm_trie needs BPF_F_NO_PREALLOC (1). */
  flags?: number;
}

/** Entries packed one after the other: `count` keys, and their values in the same order. */
export interface Entries {
  readonly count: number;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
}

/**
 * A map. Keys and values are the caller's bytes, of exactly the map's sizes. A value of a per-CPU map is
 * those of all possible CPUs, each rounded up to 8 bytes.
 * @throws BpfError EINVAL from every call whose buffers have another size; nothing is read or written then.
 */
export class BpfMap extends Handle {
  static create(options: MapOptions): BpfMap;
  /** @throws BpfError ENOENT */
  static openPinned(path: string): BpfMap;
  /** @throws BpfError ENOENT */
  static openId(id: number): BpfMap;
  info(): MapInfo;
  /** Undefined when there is none. In an lpm_trie the longest prefix that matches. */
  lookup(key: Uint8Array): Uint8Array | undefined;
  /** `flags`: BPF_ANY 0 (default), BPF_NOEXIST 1, BPF_EXIST 2. @throws BpfError E2BIG when it is full. */
  update(key: Uint8Array, value: Uint8Array, flags?: number): void;
  /** False when there was none. */
  delete(key: Uint8Array): boolean;
  /**
   * Writes `count` entries, off the main thread, 4,096 a call; one by one where the kernel has no batch
   * for this type. On failure those before the one that failed are written.
   */
  updateBatch(keys: Uint8Array, values: Uint8Array, count: number): Promise<void>;
  /** Deletes `count` keys, off the main thread. Keys that are not there are fine. */
  deleteBatch(keys: Uint8Array, count: number): Promise<void>;
  /** Every entry once, off the main thread. One that goes meanwhile may be missing. */
  dump(): Promise<Entries>;
  /** No further writes from user space. */
  freeze(): void;
}

export interface ProgramInfo {
  readonly id: number;
  /** At most 15 characters. */
  readonly name: string;
  /** As in `enum bpf_prog_type`, lower case without its prefix: `sched_cls`, `sk_lookup`. */
  readonly type: string;
  /** Hash of the instructions, 16 hex digits. */
  readonly tag: string;
  readonly mapIds: number[];
  /** Nanoseconds since boot. */
  readonly loadTime: bigint;
  /** Bytes of instructions after the verifier. */
  readonly xlatedLength: number;
  /** Instructions that the verifier walked. */
  readonly verifiedInstructions: number;
  /** 0 for none. */
  readonly btfId: number;
}

export interface TestRunOptions {
  /** The packet, from its Ethernet header. */
  data: Uint8Array;
  /** Device that it is on, by number in `netns`. */
  ifindex?: number;
  ingressIfindex?: number;
  mark?: number;
  /** More than 1: runs again and again, for `duration`. */
  repeat?: number;
  /** Path of a network namespace, /run/netns/NAME; this process's by default. */
  netns?: string;
}

export class BpfProgram extends Handle {
  /** @throws BpfError ENOENT */
  static openPinned(path: string): BpfProgram;
  /** @throws BpfError ENOENT */
  static openId(id: number): BpfProgram;
  info(): ProgramInfo;
  /** BPF_PROG_TEST_RUN, off the main thread. `duration` is the mean of a run in nanoseconds. */
  testRun(
    options: TestRunOptions,
  ): Promise<{ retval: number; duration: number; data: Uint8Array; mark: number }>;
  /** Many packets in order in one go; `ifindexes` has one for each, or is absent. */
  testRunBatch(options: {
    packets: Uint8Array[];
    ifindexes?: Uint32Array;
    netns?: string;
  }): Promise<{ retvals: Int32Array; durations: Uint32Array }>;
}

/** Consumer of a map of type ringbuf. There should be one: what one takes, no other sees. */
export class RingBuffer {
  /** `onRecord` gets a copy of each record, on the main thread, in order. */
  constructor(map: BpfMap, onRecord: (record: Uint8Array) => void);
  /** Hands on what is there now; returns how many records that were. */
  consume(): number;
  /** Hands on records as they come, until close. Keeps the process alive. */
  start(): void;
  close(): void;
}

export interface BtfField {
  readonly name: string;
  /** Bytes. */
  readonly offset: number;
  readonly size: number;
}

/**
 * Layout of a struct, union, or typedef of either, out of the BTF of an object file.
 * @throws BpfError ENOENT when the object has none of that name.
 */
export function btfLayout(objectPath: string, struct: string): { size: number; fields: BtfField[] };

/**
 * Constants of an enum by name, out of the BTF of an object file.
 * @throws BpfError ENOENT when the object has none of that name.
 */
export function btfEnum(objectPath: string, name: string): Record<string, number>;

export interface LinkInfo {
  readonly id: number;
  readonly programId: number;
  /** As in `enum bpf_link_type`, lower case without its prefix: `tcx`, `netns`, `cgroup`. */
  readonly type: string;
  /** Of tcx: the device; 0 when it is gone. */
  readonly ifindex?: number;
  /** Of a network namespace: its inode; 0 when it is gone. */
  readonly netnsInode?: number;
  /** Of a cgroup: the inode of its directory; 0 when it is gone. */
  readonly cgroupId?: bigint;
}

/** An attachment. It goes when the last descriptor is closed, unless it is pinned. */
export class BpfLink extends Handle {
  /** @throws BpfError ENOENT */
  static openPinned(path: string): BpfLink;
  info(): LinkInfo;
  /** Swaps the program without a gap. */
  update(program: BpfProgram): Promise<void>;
  /**
   * Ends the attachment at once, pinned or not (Linux 5.9). Without it, what loses its last pin goes a
   * little later.
   */
  detach(): Promise<void>;
}

/** Attaches to a device's tcx hook (Linux 6.6), at the end. `netns`: where the device is. */
export function attachTcx(options: {
  program: BpfProgram;
  ifindex: number;
  direction: 'ingress' | 'egress';
  netns?: string;
}): Promise<BpfLink>;

/** Numbers of the programs at a device's tcx hook (Linux 6.6), first to last. `netns`: where the device is. */
export function tcxPrograms(options: {
  ifindex: number;
  direction: 'ingress' | 'egress';
  netns?: string;
}): Promise<number[]>;

/** Attaches to socket lookup of a network namespace (Linux 5.9); this process's by default. */
export function attachSkLookup(options: { program: BpfProgram; netns?: string }): Promise<BpfLink>;

/** Attaches to a cgroup v2 directory. `attachType`: the number in `enum bpf_attach_type`. */
export function attachCgroup(options: {
  program: BpfProgram;
  cgroup: string;
  attachType: number;
}): Promise<BpfLink>;

/** Numbers of everything of a kind in this kernel, ascending. */
export function listIds(kind: 'program' | 'map' | 'link' | 'btf'): number[];

/** Removes a pin; none is fine. */
export function unpin(path: string): void;

/** Makes the directory, and mounts a bpffs (mode 0700) there unless one is. @throws BpfError EPERM */
export function mountBpffs(path: string): void;

export function isBpffs(path: string): boolean;
