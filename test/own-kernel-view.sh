#!/usr/bin/env bash
# Becomes node with a network, names of namespaces, a bpffs and a run directory that no other process sees,
# so that files of tests run beside each other and none can touch the machine's own network.
set -euo pipefail
if [[ ${1-} != inside ]]; then
  exec unshare --mount --net --propagation private "$0" inside "$@"
fi
shift
mkdir -p /run/netns /run/plumb
mount -t tmpfs tmpfs /run/netns
mount -t tmpfs tmpfs /run/plumb
mount -t bpf bpf /sys/fs/bpf
ip link set lo up
exec node "$@"
