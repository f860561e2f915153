#!/usr/bin/env bash
# Sets firstword up on this machine and runs it. See ./install.sh --help.
set -euo pipefail
CALLED_FROM=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

VENV=$PWD/.venv
ENGINES=${FIRSTWORD_ENGINES:-$PWD/.firstword/engines}
STAMPS=$VENV/firstword.stamps

usage() {
  cat <<'TEXT'
usage: sudo ./install.sh [OPTIONS]
       ./install.sh COMMAND [OPTIONS]

  install [OPTIONS]         install into the FreeSWITCH of this host; the default. Changes no file that you have changed.
                            --check: what is there and what is missing   --dry-run: what would be done
                            --uninstall: take it away again              install --help: the rest (docs/installing.md)
  demo [--lite] [OPTIONS]   set up, then a whole spoken call on this machine: no keys, no FreeSWITCH
                            --lite: the tone voice and a scripted model only; no large download
                            OPTIONS go to 'firstword demo' (--json FILE, --out DIR, ...; demo --help)
  test [OPTIONS]            set up, then ruff, mypy and the tests; OPTIONS go to pytest (-n 0: one after the other)
                            With a FreeSWITCH on this machine (FREESWITCH_PREFIX=DIR, or in the usual places) on that too
  --help                    this

Needs Debian 12 or alike with Python 3.11 or newer. What else is missing is installed with apt-get if you are root, and
named with the line that installs it if you are not. For demo and test everything goes into .venv and .firstword beside this file
(FIRSTWORD_ENGINES=DIR puts the engines elsewhere); removing the two folders removes it all. A second run goes on where the
first one ended. Where packages come from is pip's and apt's own configuration.
TEXT
}

say() { printf '== %s\n' "$*"; }
die() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

# Debian packages: installed if we may. What apt-get said is shown only if it failed.
apt_install() {
  local log
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  say "installing $* with apt-get"
  log=$(mktemp)
  if { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
    rm -f "$log"
    return 0
  fi
  tail -n 5 "$log" >&2
  rm -f "$log"
  return 1
}

# The first Python that is new enough: the one Debian 12 has, before any other.
find_python() {
  local candidate
  for candidate in python3.11 python3 python3.12 python3.13 python3.14; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      PYTHON=$(command -v "$candidate")
      return 0
    fi
  done
  return 1
}

need_python() {
  find_python || { apt_install python3 && find_python; } ||
    die "Python 3.11 or newer is missing: sudo apt-get install python3"
}

make_venv() {
  if "$VENV/bin/python" -c 'import pip' 2>/dev/null; then
    return
  fi
  need_python
  if ! "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null; then
    local package=python3-venv
    [ "$(readlink -f "$PYTHON")" = "$(readlink -f /usr/bin/python3)" ] || package=$(basename "$PYTHON")-venv
    { apt_install "$package" && "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null; } ||
      die "$PYTHON can not make virtual environments: sudo apt-get install $package"
  fi
  say "making .venv with $("$PYTHON" --version)"
  "$PYTHON" -m venv --clear "$VENV" || die "$VENV could not be made"
}

# What pyproject.toml asks for under the extras in $1, unless they, perhaps with others, were installed from this very file into
# this very folder.
install_packages() {
  local extras=$1 source
  source="$PWD $(sha256sum pyproject.toml | cut -d' ' -f1)"
  if grep -qxF -- "$extras $source" "$STAMPS" 2>/dev/null; then
    return
  fi
  say "installing firstword[$extras] and what it needs into .venv"
  "$VENV/bin/python" -m pip install --no-input --disable-pip-version-check --progress-bar off --editable ".[$extras]" </dev/null |
    sed -un -E 's#^ *(Downloading|Processing|Using cached) (.*/)?([^/ ]+\.(whl|tar\.gz))#   \3#p' ||
    die "the packages could not be installed; pip's last lines say why. They come from where pip is told to look (pip config list)"
  while :; do
    printf '%s\n' "$extras $source" >>"$STAMPS"
    [ "$extras" != "${extras%,*}" ] || break
    extras=${extras%,*}
  done
}

# Each engine stands alone: one that can not be had is named, and the call goes on without it.
install_engines() {
  local packages=()
  command -v espeak-ng >/dev/null || packages+=(espeak-ng)
  "$VENV/bin/python" -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null || packages+=(libgomp1)
  if [ ${#packages[@]} != 0 ]; then
    apt_install "${packages[@]}" ||
      say "missing for English words (espeak-ng) or the language model (libgomp1): sudo apt-get install ${packages[*]}"
  fi
  say "the speech and language engines, in $ENGINES (about 1 GB once; --lite does without)"
  "$VENV/bin/python" -m firstword.gateway.engines.install --dir "$ENGINES" </dev/null ||
    say "the engines could not be installed; the call goes on with what there is"
}

has() {
  local wanted=$1 word
  shift
  for word in "$@"; do
    [ "$word" != "$wanted" ] || return 0
  done
  return 1
}

# Any Python will do to install with: the environment is made by the one that is inside the switch. Nothing is left in lib (-B),
# and nothing is imported from where it was called (-P).
install_on_host() {
  local lib=$PWD/lib
  if has --check "$@" || has --dry-run "$@"; then
    find_python || die "Python 3.11 or newer is missing: sudo apt-get install python3"
  fi
  need_python
  cd "$CALLED_FROM"
  PYTHONPATH=$lib exec "$PYTHON" -B -P -m firstword.install "$@"
}

demo() {
  make_venv
  install_packages gateway
  if ! has --lite "$@" && ! has --help "$@" && ! has -h "$@"; then
    "$VENV/bin/python" -m firstword.demo.options "$@" # a mistake in them is told before the engines are brought
    install_engines
  fi
  FIRSTWORD_ENGINES=$ENGINES exec "$VENV/bin/python" -m firstword.cli demo "$@"
}

# Without a FreeSWITCH the live tests are skipped, and what only they need is not installed.
run_tests() {
  local extras=gateway,test,referees switch
  make_venv
  if switch=$(PYTHONPATH=$PWD/lib "$VENV/bin/python" -B -P -m firstword.live.find); then
    install_packages "$extras,live"
    say "the live tests run on $switch"
  else
    install_packages "$extras"
    say "without the live tests: ${switch:-what looks for a FreeSWITCH failed}"
  fi
  say "ruff"
  "$VENV/bin/python" -m ruff check .
  "$VENV/bin/python" -m ruff format --check .
  say "mypy"
  "$VENV/bin/python" -m mypy
  say "pytest, in 3 processes (with -n 0 in this one alone)"
  # Most tests wait most of the time: for a caller's pace, for bounds. Three keep two cores busy for two thirds.
  FIRSTWORD_ENGINES=$ENGINES exec "$VENV/bin/python" -m pytest -n 3 --dist loadscope --no-loadscope-reorder "$@"
}

case ${1-} in
  demo) demo "${@:2}" ;;
  test) run_tests "${@:2}" ;;
  --help | -h | help) usage ;;
  install) install_on_host "${@:2}" ;;
  "" | --*) install_on_host "$@" ;;
  *)
    printf 'install.sh: unknown command %s; there are install, demo and test (./install.sh --help)\n' "'$1'" >&2
    exit 2
    ;;
esac
