#!/usr/bin/env bash
# Two nodes (network namespaces) that share a wire: the same policy wherever an endpoint runs.
set -euo pipefail
cd "$(dirname "$0")/../.."

nodes=(yavin hoth)
root=$(mktemp -d /tmp/plumb-demo.XXXXXX)
program=examples/two-nodes/plumb.ts
servers=()

say() { printf '\n\033[1m# %s\033[0m\n' "$*"; }
namespace() { printf 'plumb-demo-%s' "$1"; }
plumb() { # plumb NODE COMMAND...
  local node=$1
  shift
  printf '$ plumb %s    # on %s\n' "$*" "$node"
  bin/plumb "$@" --netns "$(namespace "$node")" --root "$root"
}

cleanup() {
  for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
  for node in "${nodes[@]}"; do
    bin/plumb destroy --yes --netns "$(namespace "$node")" --root "$root" >/dev/null 2>&1 || true
    ip netns delete "$(namespace "$node")" 2>/dev/null || true
  done
  mountpoint -q "$root/bpf" && umount "$root/bpf"
  rm -rf "$root"
}
trap cleanup EXIT

serve() { # serve ENDPOINT
  nsenter --net="/run/netns/$1" node -e "
    require('http').createServer((_, res) => res.end('$1 hears you\n')).listen(8080, '::')
  " &
  servers+=($!)
}

call() { # call FROM URL
  printf '$ curl --max-time 2 %s    # from %s\n' "$2" "$1"
  nsenter --net="/run/netns/$1" curl --silent --show-error --max-time 2 "$2" 2>&1
}

say 'Two nodes on one wire'
for node in "${nodes[@]}"; do
  ip netns add "$(namespace "$node")"
  ip -netns "$(namespace "$node")" link set lo up
done
ip link add up0 netns plumb-demo-yavin type veth peer name up0 netns plumb-demo-hoth
ip -netns plumb-demo-yavin address add 192.0.2.1/24 dev up0
ip -netns plumb-demo-hoth address add 192.0.2.2/24 dev up0
for node in "${nodes[@]}"; do ip -netns "$(namespace "$node")" link set up0 up; done

say 'The same program on both: each node takes what concerns it'
for node in "${nodes[@]}"; do
  plumb "$node" apply "$program" --node "$node" --yes | grep -E ' to add,| nothing to change' || true
done
serve temple
serve echo
sleep 1

say 'The other node, through the tunnel'
call luke 'http://10.1.2.21:8080/'
call luke 'http://[fd01:2::21]:8080/'
call probe 'http://10.1.2.21:8080/' && exit 1

say 'A service: either base, on either node'
for _ in 1 2 3 4 5 6; do call luke 'http://10.96.0.1/'; done | sort | uniq -c
call probe 'http://10.96.0.1/' && exit 1

say 'Why: the rule that is missing'
plumb hoth monitor --once

say 'Nothing is left'
for node in "${nodes[@]}"; do plumb "$node" destroy --yes | tail -1; done
