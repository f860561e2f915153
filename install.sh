#!/usr/bin/env bash
# Sets firstword up. See ./install.sh --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

VENV=.venv
ENGINES=.firstword/engines

usage() {
  cat <<'TEXT'
usage: ./install.sh COMMAND [OPTIONS]

  demo [--lite] [OPTIONS]   set up, then a real spoken call on this machine: no keys, no FreeSWITCH
                            --lite: the tone voice and a scripted model only; seconds, no large download
                            other options go to 'firstword demo' (--json FILE, --out DIR, ...)
  test [OPTIONS]            set up, then ruff, mypy and the tests; OPTIONS go to pytest
  --help                    this

Everything goes into .venv and .firstword beside this file; removing the two folders removes it all.
TEXT
}

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
die() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }

# A Debian package: installed if we may, else named with the line that installs it.
need_package() {
  local package=$1 why=$2
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing $package ($why)"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null \
      && return 0
  fi
  return 1
}

find_python() {
  local candidate
  for candidate in python3.11 python3.12 python3.13 python3; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      PYTHON=$candidate
      return
    fi
  done
  need_package python3 "Python 3.11 or newer" || die "Python 3.11 or newer is needed: sudo apt-get install python3"
  PYTHON=python3
}

make_venv() {
  [ -x "$VENV/bin/python" ] && "$VENV/bin/python" -c 'import pip' 2>/dev/null && return
  find_python
  if ! "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null; then
    need_package python3-venv "virtual environments" || die "python3-venv is missing: sudo apt-get install python3-venv"
    PYTHON=python3
  fi
  say "making $VENV with $("$PYTHON" --version)"
  "$PYTHON" -m venv "$VENV"
}

# Installs what pyproject.toml asks for under the extras named in $1, unless it was installed from this very file.
install_light() {
  local extras=$1 stamp
  stamp="$extras $(sha256sum pyproject.toml | cut -d' ' -f1)"
  grep -qxF "$stamp" "$VENV/firstword.stamp" 2>/dev/null && return
  say "installing firstword[$extras]"
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".[$extras]"
  printf '%s\n' "$stamp" >> "$VENV/firstword.stamp"
}

install_engines() {
  command -v espeak-ng >/dev/null || need_package espeak-ng "English phonemes" \
    || say "espeak-ng is missing, so English will not be spoken: sudo apt-get install espeak-ng"
  say "installing the speech and language engines into $ENGINES (about 1.1 GB, once)"
  "$VENV/bin/python" -m firstword.gateway.engines.install --dir "$ENGINES" \
    || say "some engines are missing; the call goes on with what there is"
}

command=${1:---help}
shift || true
case $command in
  demo)
    make_venv
    install_light gateway
    case " $* " in *" --lite "* | *" --help "* | *" -h "*) ;; *) install_engines ;; esac
    FIRSTWORD_ENGINES=${FIRSTWORD_ENGINES:-$PWD/$ENGINES} exec "$VENV/bin/firstword" demo "$@"
    ;;
  test)
    make_venv
    install_light gateway,test,referees
    say "ruff"
    "$VENV/bin/ruff" check .
    "$VENV/bin/ruff" format --check .
    say "mypy"
    "$VENV/bin/mypy"
    say "pytest"
    exec "$VENV/bin/python" -m pytest "$@"
    ;;
  --help | -h | help) usage ;;
  *)
    usage >&2
    die "unknown command '$command'"
    ;;
esac
