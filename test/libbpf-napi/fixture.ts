import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mountBpffs } from 'libbpf-napi';

const SOURCE = `
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

struct entry { __u8 small; __u32 number; __u8 bytes[6]; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, __u32); __type(value, struct entry); } seen SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");
const volatile __u32 answer = 1;
enum bits { LOWEST = 1, HIGHEST = 0x80000000 };
enum sign { MINUS = -1, PLUS = 1 };
struct numbers { enum bits bits; enum sign sign; };
const struct numbers *numbers __attribute__((unused));

SEC("tc") int count(struct __sk_buff *skb) {
  __u32 key = skb->ifindex;
  struct entry entry = { .number = answer };
  bpf_map_update_elem(&seen, &key, &entry, BPF_ANY);
  bpf_ringbuf_output(&ring, &key, sizeof(key), 0);
  return answer;
}
SEC("sk_lookup") int pass(struct bpf_sk_lookup *ctx) { return SK_PASS; }
char LICENSE[] SEC("license") = "GPL";
`;

const REJECTED = `
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("tc") int wild(struct __sk_buff *skb) { return *(int *)(long)skb->len; }
char LICENSE[] SEC("license") = "GPL";
`;

/** Objects compiled for the tests, a bpffs and a namespace with a veth pair, all gone after `dispose`. */
export class Fixture {
  readonly directory = mkdtempSync(join(tmpdir(), 'libbpf-napi-'));
  readonly bpffs = join(this.directory, 'bpf');
  readonly netns = 'libbpf-napi-test';
  readonly netnsPath = `/run/netns/${this.netns}`;
  readonly object = this.compile('good', SOURCE);
  readonly rejected = this.compile('rejected', REJECTED);
  readonly ifindex: number;

  constructor() {
    mountBpffs(this.bpffs);
    const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
    ip('netns', 'add', this.netns);
    ip('-netns', this.netns, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
    this.ifindex = Number.parseInt(ip('-netns', this.netns, '-o', 'link', 'show', 'v0'), 10);
  }

  dispose(): void {
    execFileSync('ip', ['netns', 'delete', this.netns]);
    execFileSync('umount', [this.bpffs]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private compile(name: string, source: string): string {
    const file = join(this.directory, `${name}.c`);
    const object = join(this.directory, `${name}.o`);
    writeFileSync(file, source);
    const include = execFileSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).trim();
    execFileSync('clang-19', [
      ...['-O2', '-g', '-target', 'bpf', `-I/usr/include/${include}`],
      ...['-c', file, '-o', object],
    ]);
    return object;
  }
}
