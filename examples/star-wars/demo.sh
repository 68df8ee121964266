#!/usr/bin/env bash
# The talk's story on a real kernel: a node of its own (a network namespace), five ships, one rule.
set -euo pipefail
cd "$(dirname "$0")/../.."

namespace="plumb-demo"
root=$(mktemp -d /tmp/plumb-demo.XXXXXX)
plumb=(bin/plumb)
where=(--netns "$namespace" --root "$root")
program=examples/star-wars/plumb.ts
servers=()

say() { printf '\n\033[1m# %s\033[0m\n' "$*"; }
run() {
  printf '$ plumb %s\n' "$*"
  "${plumb[@]}" "$@" "${where[@]}"
}

cleanup() {
  for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
  "${plumb[@]}" destroy --yes "${where[@]}" >/dev/null 2>&1 || true
  ip netns delete "$namespace" 2>/dev/null || true
  mountpoint -q "$root/bpf" && umount "$root/bpf"
  rm -rf "$root"
}
trap cleanup EXIT

inventory() {
  {
    ip netns list | grep -v "^$namespace" | sort
    ip -netns "$namespace" -o link
    ip -netns "$namespace" -o address | sed 's/valid_lft.*//'
    ip -netns "$namespace" route show table all
    ip -netns "$namespace" rule
    bpftool prog show | grep -c '' || true
    bpftool map show | grep -c '' || true
  } 2>/dev/null | sort
}

# A server that answers every request the way a death star does.
serve() {
  nsenter --net="/run/netns/$1" node -e '
    require("http").createServer((_, res) => res.end("Ship landed\n")).listen(80, "::")
  ' &
  servers+=($!)
}

land() { # land SHIP ADDRESS
  printf '$ curl --max-time 2 http://%s/v1/request-landing    # from %s\n' "$2" "$1"
  nsenter --net="/run/netns/$1" curl --silent --show-error --max-time 2 -XPOST \
    "http://$2/v1/request-landing" 2>&1
}

say 'A node of its own: nothing here touches the network of this machine'
ip netns add "$namespace"
ip -netns "$namespace" link set lo up
before=$(inventory)

say 'What apply would change'
run plan "$program"

say 'Do it'
run apply "$program" --yes | tail -n 1

for star in deathstar-1 deathstar-2; do serve "$star"; done
for _ in $(seq 50); do
  nsenter --net=/run/netns/deathstar-1 ss -ltn 2>/dev/null | grep -q ':80 ' && break
  sleep 0.1
done

say 'The empire lands'
land tiefighter-1 10.1.0.11 | tee "$root/empire"
grep -q 'Ship landed' "$root/empire"
land tiefighter-1 '[fd00:10:1::12]' | tee "$root/empire"
grep -q 'Ship landed' "$root/empire"

say 'The alliance does not'
if land xwing 10.1.0.11; then
  echo 'the x-wing landed: that must not happen' >&2
  exit 1
fi

say 'Why: the policy and its line'
run verdict xwing deathstar-1 80/TCP
run monitor --verdict deny --once | tee "$root/events"
grep -q 'plumb.ts:' "$root/events"

say 'A second plan finds nothing to do'
run plan "$program" --detailed-exitcode

say 'Leave nothing behind'
for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
servers=()
run destroy --yes | tail -n 1
after=$(inventory)
if [ "$before" != "$after" ]; then
  diff <(printf '%s\n' "$before") <(printf '%s\n' "$after") >&2 || true
  echo 'something is left behind' >&2
  exit 1
fi
echo 'links, addresses, routes, rules, programs, maps and namespaces are as before'
