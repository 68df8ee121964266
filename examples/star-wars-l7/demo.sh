#!/usr/bin/env bash
# A rule of layer 7 on a real kernel: a landing is granted, the exhaust port is not.
set -euo pipefail
cd "$(dirname "$0")/../.."

namespace="plumb-demo-l7"
root=$(mktemp -d /tmp/plumb-demo-l7.XXXXXX)
plumb=(bin/plumb)
where=(--netns "$namespace" --root "$root")
program=examples/star-wars-l7/plumb.ts
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
    require("http").createServer((req, res) =>
      res.end(req.method === "POST" ? "Ship landed\n" : "Panic: deathstar exploded\n")).listen(80, "::")
  ' &
  servers+=($!)
}

ask() { # ask SHIP METHOD URL
  printf '$ curl --request %s http://%s    # from %s\n' "$2" "$3" "$1"
  nsenter --net="/run/netns/$1" curl --silent --show-error --max-time 2 --request "$2" "http://$3" 2>&1
}

say 'A node of its own: nothing here touches the network of this machine'
ip netns add "$namespace"
ip -netns "$namespace" link set lo up
before=$(inventory)

say 'What apply would change'
run plan "$program"

say 'Do it'
run apply "$program" --yes | tail -n 1

serve deathstar
for _ in $(seq 50); do
  nsenter --net=/run/netns/deathstar ss -ltn 2>/dev/null | grep -q ':80 ' && break
  sleep 0.1
done
# What becomes of requests is told while it happens.
"${plumb[@]}" monitor "${where[@]}" >"$root/events" &
servers+=($!)
sleep 1

say 'The empire asks for a landing'
ask tiefighter POST 10.1.0.11/v1/request-landing | tee "$root/answer"
grep -q 'Ship landed' "$root/answer"
ask tiefighter POST '[fd00:10:1::11]/v1/request-landing' | tee "$root/answer"
grep -q 'Ship landed' "$root/answer"

say 'Nobody gets at the exhaust port'
ask tiefighter PUT 10.1.0.11/v1/exhaust-port | tee "$root/answer"
grep -q '💥🚫' "$root/answer"

say 'The alliance gets no connection'
if ask xwing POST 10.1.0.11/v1/request-landing; then
  echo 'the x-wing landed: that must not happen' >&2
  exit 1
fi

say 'What became of the requests, and by which line'
sleep 0.5
cat "$root/events"
grep -q 'PUT /v1/exhaust-port' "$root/events"
grep -q 'plumb.ts:' "$root/events"

say 'Why: the rule and its line'
run verdict tiefighter deathstar 80/TCP --http 'PUT /v1/exhaust-port'

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
