#!/bin/sh
# Checks, then the tests in three runs: together, those that kill, those that drive a browser.
# Those that need real servers of networks are apart: tools/test_peers.sh.
cd "$(dirname "$0")/.." || exit 1
failed=""

stage() { # name, then the command; all stages run, so that one failure does not hide another
    name=$1
    shift
    printf '\n== %s\n' "$name"
    "$@"
    code=$?
    [ "$code" -eq 0 ] || failed="$failed '$name'"
}

shown() { # waits for a process, shows its log, and ends as it did
    wait "$1"
    code=$?
    cat "$2"
    return "$code"
}

stage "lint" tools/lint.sh
stage "tests" python -m pytest -q -n 2 -m "not browser and not faults and not peers" </dev/null
# Those that kill mostly wait, so they run beside those that drive a browser, and are shown after.
# They count seconds, so the browser gives way.
log=$(mktemp)
python -m pytest -q -m "faults and not peers" </dev/null >"$log" 2>&1 &
faults=$!
trap 'kill "$faults" 2>/dev/null; rm -f "$log"' EXIT INT TERM
if tools/chromium.sh; then
    stage "browser" nice -n 5 python -m pytest -q -m browser </dev/null
else
    failed="$failed 'browser: no Chromium'"
fi
stage "faults" shown "$faults" "$log"
faults=

[ -z "$failed" ] || { printf '\nFAILED:%s\n' "$failed"; exit 1; }
printf '\nAll checks and tests passed.\n'
