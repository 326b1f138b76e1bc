# Sourced by script/demo and script/test: finds what is missing on this machine and installs it from the system's packages.
# Where nothing is missing, nothing of the system is touched.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
me=script/$(basename "$0")

# The oldest Node that the web project's tools run on (web/package.json, engines).
NODE_NEEDED=20.19
# The same as in Cargo.toml; rust-toolchain.toml pins the exact one.
RUST_NEEDED=1.95

say() { printf '%s\n' "$me: $*"; }
die() { printf '%s\n' "$me: $*" >&2; exit 1; }

# at_least 20.20.2 20.19
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }
has() { command -v "$1" >/dev/null 2>&1; }

missing=()
# need PACKAGE CHECK…: notes a package when the check fails.
need() { local package=$1; shift; "$@" >/dev/null 2>&1 || missing+=("$package"); }

has_c_headers() { echo '#include <stdio.h>' | gcc -E - ; }
has_node() { has node && at_least "$(node --version | tr -d v)" "$NODE_NEEDED"; }
has_certificates() { [ -s /etc/ssl/certs/ca-certificates.crt ]; }
has_postgres() { has initdb || ls /usr/lib/postgresql/*/bin/initdb; }
has_chinese_font() { has fc-list && [ -n "$(fc-list :lang=zh)" ]; }

find_chromium() {
  local candidate
  for candidate in "${LINLI_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    # Ubuntu's package of this name is a door to the snap store, and no browser.
    if [ -n "$candidate" ] && has "$candidate" && "$candidate" --version >/dev/null 2>&1; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif has sudo; then sudo "$@"
  else die "needs root to install packages: run it as root, or first run apt-get install ${missing[*]}"
  fi
}

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null; }

# The lists of packages are fetched once.
lists=
fetch_lists() { [ -n "$lists" ] || apt update; lists=fetched; }

install_missing() {
  [ ${#missing[@]} -gt 0 ] || return 0
  has apt-get || die "this system has no apt-get (Debian 12 or later, Ubuntu): install these yourself and run it again: ${missing[*]}"
  say "installing from the system's packages: ${missing[*]}"
  fetch_lists
  apt install --no-install-recommends -y "${missing[@]}" >/dev/null
  missing=()
}

need_system() {
  [ "$(uname -s)" = Linux ] || die "runs on Linux (Debian 12 or later, Ubuntu); elsewhere follow “By hand” in CONTRIBUTING.md"
}

need_build_tools() {
  need gcc has gcc
  need libc6-dev has_c_headers
  need make has make
  need pkg-config has pkg-config
  need curl has curl
  need ca-certificates has_certificates
  need git has git
}

offered_node() { apt-cache policy nodejs 2>/dev/null | sed -n 's/^ *Candidate: *\([0-9]*:\)\{0,1\}\([0-9][0-9.]*\).*/\2/p'; }

# Node is installed only when the system's own packages are new enough.
need_node() {
  if ! has_node; then
    local offered=
    if has apt-get; then
      offered=$(offered_node)
      if [ -z "$offered" ]; then fetch_lists; offered=$(offered_node); fi
    fi
    at_least "${offered:-0}" "$NODE_NEEDED" ||
      die "needs Node $NODE_NEEDED or later, and this system offers ${offered:-none}: install Node 22 from https://nodejs.org/en/download (or https://github.com/nodesource/distributions), then run it again"
    missing+=(nodejs)
  fi
  install_missing
  # NodeSource's package brings npm, Debian's does not.
  need npm has npm
}

need_rust() {
  # A run without a login shell has no HOME.
  [ -n "${HOME:-}" ] || HOME=$(getent passwd "$(id -u)" | cut -d: -f6) && export HOME
  export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
  local how="install rustup from https://rustup.rs (curl --proto =https --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal), then run it again"
  has cargo || die "needs Rust $RUST_NEEDED, which comes through rustup: $how"
  # rustup fetches the toolchain that rust-toolchain.toml pins at the first call.
  if ! cargo --version >/dev/null 2>&1 && has rustup; then rustup toolchain install >/dev/null; fi
  local found
  found=$(rustc --version 2>/dev/null | cut -d ' ' -f 2) || true
  at_least "${found:-0}" "$RUST_NEEDED" || die "needs Rust $RUST_NEEDED or later, found ${found:-none}: $how"
}

need_test_tools() {
  need postgresql has_postgres
  need fontconfig has fc-list
  need fonts-noto-cjk has_chinese_font
  if ! find_chromium >/dev/null; then
    ! grep -qs '^ID=ubuntu' /etc/os-release ||
      die "needs Chromium, which Ubuntu has as a snap only: install Chrome or Chromium and name it, LINLI_CHROMIUM=/path/to/chrome"
    missing+=(chromium)
  fi
}

target() { printf '%s' "${CARGO_TARGET_DIR:-target}"; }

# The web project's packages, when they are not those of the lock file.
install_web() {
  if [ web/node_modules/.package-lock.json -nt web/package-lock.json ]; then return; fi
  npm --prefix web ci --prefer-offline --no-audit --no-fund --loglevel=error
}
