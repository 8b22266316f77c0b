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

stage "lint" tools/lint.sh
stage "tests" python -m pytest -q -n 2 -m "not browser and not faults and not peers" </dev/null
# They mostly wait. A file stays together: its tests share servers that they kill.
stage "faults" python -m pytest -q -n 2 --dist loadfile -m "faults and not peers" </dev/null
if tools/chromium.sh; then
    stage "browser" python -m pytest -q -n 2 -m browser </dev/null
else
    failed="$failed 'browser: no Chromium'"
fi

[ -z "$failed" ] || { printf '\nFAILED:%s\n' "$failed"; exit 1; }
printf '\nAll checks and tests passed.\n'
