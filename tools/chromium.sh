#!/bin/sh
# See that there is a Chromium to test with: install it where we can, else say what to install.
found() {
    [ -x "${CHROMIUM:-}" ] && return 0
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null && return 0
    done
    return 1
}

found && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium ..."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null && apt-get install -y -qq --no-install-recommends \
        chromium fonts-dejavu-core </dev/null >/dev/null
    found && exit 0
fi
echo "The browser tests need Chromium: sudo apt-get install chromium, or set CHROMIUM=/path/to/it." >&2
exit 1
