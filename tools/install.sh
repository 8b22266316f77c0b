#!/bin/sh
# Make .venv if there is none, install the named requirements, compile the message catalogues.
set -eu
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}

fail() { printf '%s\n' "$*" >&2; exit 1; }

apt_install() { # as root on Debian and its kin; otherwise says what is missing
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq </dev/null
        apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null
    else
        fail "Please install: $* (on Debian: sudo apt-get install $*)"
    fi
}

command -v "$PYTHON" >/dev/null || apt_install python3 python3-venv
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "CrisisDesk needs Python 3.11 or newer; $PYTHON is $("$PYTHON" -V 2>&1). Try: make PYTHON=python3.11 $*"
if [ ! -x .venv/bin/python ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    # Debian keeps ensurepip in a package of its own.
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv
    "$PYTHON" -m venv .venv
fi
echo "Installing into .venv (a minute or two the first time) ..."
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r "$1" </dev/null
.venv/bin/python -m crisisdesk.catalogues
