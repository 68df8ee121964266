/** Names by number, as the kernel's headers have them (enum bpf_map_type, bpf_prog_type, bpf_link_type). */
export const MAP_TYPES = [
  ...['unspec', 'hash', 'array', 'prog_array', 'perf_event_array', 'percpu_hash', 'percpu_array'],
  ...['stack_trace', 'cgroup_array', 'lru_hash', 'lru_percpu_hash', 'lpm_trie', 'array_of_maps'],
  ...['hash_of_maps', 'devmap', 'sockmap', 'cpumap', 'xskmap', 'sockhash', 'cgroup_storage'],
  ...['reuseport_sockarray', 'percpu_cgroup_storage', 'queue', 'stack', 'sk_storage'],
  ...['devmap_hash', 'struct_ops', 'ringbuf', 'inode_storage', 'task_storage', 'bloom_filter'],
  ...['user_ringbuf', 'cgrp_storage', 'arena'],
];

export const PROGRAM_TYPES = [
  ...['unspec', 'socket_filter', 'kprobe', 'sched_cls', 'sched_act', 'tracepoint', 'xdp'],
  ...['perf_event', 'cgroup_skb', 'cgroup_sock', 'lwt_in', 'lwt_out', 'lwt_xmit', 'sock_ops'],
  ...['sk_skb', 'cgroup_device', 'sk_msg', 'raw_tracepoint', 'cgroup_sock_addr', 'lwt_seg6local'],
  ...['lirc_mode2', 'sk_reuseport', 'flow_dissector', 'cgroup_sysctl', 'raw_tracepoint_writable'],
  ...['cgroup_sockopt', 'tracing', 'struct_ops', 'ext', 'lsm', 'sk_lookup', 'syscall'],
  'netfilter',
];

export const LINK_TYPES = [
  ...['unspec', 'raw_tracepoint', 'tracing', 'cgroup', 'iter', 'netns', 'xdp', 'perf_event'],
  ...['kprobe_multi', 'struct_ops', 'netfilter', 'tcx', 'uprobe_multi', 'netkit', 'sockmap'],
];

/** Map types whose values user space sees once for each possible CPU. */
export const PERCPU = ['percpu_hash', 'percpu_array', 'lru_percpu_hash', 'percpu_cgroup_storage'];

/**
 * @param {readonly string[]} names
 * @param {number} number
 */
export function nameOf(names, number) {
  return names[number] ?? `type ${number}`;
}
