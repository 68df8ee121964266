#!/usr/bin/env bash
# Makes a Debian machine ready to work here. Does only what is missing; the second run takes a moment.
#   scripts/setup.sh tools    packages and node_modules: enough to build and lint
#   scripts/setup.sh kernel   that, and a kernel that can run the datapath, with bpffs mounted (default)
set -euo pipefail
cd "$(dirname "$0")/.."

readonly node_needed=20
readonly kernel_needed=6.6
readonly packages=(
  # the datapath and its tools
  clang-19 clang-format-19 llvm-19 bpftool linux-libc-dev
  # the native packages
  g++ make pkg-config libbpf-dev libelf-dev zlib1g-dev libnftables-dev
  # what tests, demo and benchmarks look at the network with
  iproute2 nftables iptables iputils-ping netcat-openbsd curl tcpdump procps util-linux
  ca-certificates shellcheck
  # what programs are shut in with, and who else than root runs plumb
  bubblewrap sudo
  # what filters HTTP and TLS
  haproxy
  # what looks at the page of a plan
  chromium
)

say() { printf 'setup: %s\n' "$*"; }
fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null; }

check_machine() {
  [ "$(uname -s)" = Linux ] || fail "needs Linux, and this is $(uname -s)"
  if ! has dpkg-query || ! has apt-get; then
    fail 'needs Debian 12 or a relative of it: there is no apt-get here'
  fi
  if ! has node || ! has npm; then
    fail "needs Node.js $node_needed or newer with npm: install it from https://nodejs.org or NodeSource"
  fi
  local node
  node=$(node --version)
  node=${node#v}
  [ "${node%%.*}" -ge "$node_needed" ] ||
    fail "needs Node.js $node_needed or newer, and this is $node: install it from https://nodejs.org or NodeSource"
}

be_root() {
  [ "$(id -u)" = 0 ] || fail "needs root $1: run it with sudo"
}

missing_packages() {
  local installed
  installed=$(dpkg-query --show --showformat='${Status} ${binary:Package}\n' "${packages[@]}" 2>/dev/null || true)
  for package in "${packages[@]}"; do
    grep -Eq "^install ok installed ${package//+/\\+}(:|$)" <<<"$installed" || printf '%s\n' "$package"
  done
}

apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" -gt 0 ] || return 0
  be_root "to install ${missing[*]}"
  say "installing ${missing[*]}"
  local log
  log=$(mktemp)
  # one broken source of many must not matter as long as the packages are found
  if ! { apt update || true; apt install --yes --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    fail 'apt-get could not install the packages (above): needs the archive of Debian 12 or newer'
  fi
  rm -f "$log"
  # plumb starts a HAProxy of its own; the package's is for somebody else to switch on
  if [[ " ${missing[*]} " == *' haproxy '* ]] && has systemctl; then
    systemctl disable --quiet --now haproxy.service 2>/dev/null || true
  fi
}

install_node_modules() {
  local stamp=node_modules/.setup-stamp now
  # addons are built for one version of Node's ABI; the lock file says everything else
  now="$(sha256sum <package-lock.json) $(node --print process.versions.modules)"
  [ "$(cat "$stamp" 2>/dev/null)" != "$now" ] || return 0
  say 'installing node_modules (npm ci)'
  npm ci --ignore-scripts --no-progress --loglevel=error </dev/null || fail 'npm ci failed (above)'
  printf '%s\n' "$now" >"$stamp"
}

check_kernel() {
  local release
  release=$(uname -r)
  printf '%s\n' "$kernel_needed" "${release%%-*}" | sort --version-sort --check=quiet ||
    fail "needs a kernel of $kernel_needed or newer, and this is $release: on Debian 12, linux-image-amd64 from bookworm-backports"
  [ -r /sys/kernel/btf/vmlinux ] ||
    fail 'needs a kernel with CONFIG_DEBUG_INFO_BTF: there is no /sys/kernel/btf/vmlinux'
}

mount_bpffs() {
  [ "$(stat --file-system --format=%T /sys/fs/bpf 2>/dev/null)" != bpf_fs ] || return 0
  be_root 'to mount bpffs'
  say 'mounting bpffs at /sys/fs/bpf'
  mount -t bpf bpf /sys/fs/bpf || fail 'could not mount bpffs at /sys/fs/bpf: needs CONFIG_BPF_SYSCALL and CAP_SYS_ADMIN'
}

case "${1:-kernel}" in
tools)
  check_machine
  install_packages
  install_node_modules
  ;;
kernel)
  check_machine
  be_root 'to load BPF programs and make network namespaces'
  check_kernel
  install_packages
  install_node_modules
  mount_bpffs
  ;;
*) fail "unknown part '$1': tools or kernel" ;;
esac
