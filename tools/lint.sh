#!/bin/sh
# Every check that runs no test. Runs all of them, then fails if one did.
cd "$(dirname "$0")/.." || exit 1
rooms="core accounts notifications connectors monitoring incidents responses marketing reviews training drills crisisdesk"
failed=""

check() { # name, then the command
    name=$1
    shift
    if output=$("$@" 2>&1); then
        printf 'ok      %s\n' "$name"
    else
        printf 'FAILED  %s\n%s\n' "$name" "$output"
        failed="$failed $name"
    fi
}

deployed() { # as in production, where every warning counts
    env DEBUG=0 PUBLIC_URL=https://desk.example.org ALLOWED_HOSTS=desk.example.org \
        SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(60))')" \
        CREDENTIAL_KEYS="$(head -c 32 /dev/urandom | base64)" \
        "$@"
}

check "ruff check" ruff check .
check "ruff format" ruff format --check .
check "import rooms" lint-imports
# shellcheck disable=SC2086 # the rooms are words
check "mypy" mypy $rooms tests bench
check "templates" djlint templates --lint --quiet
check "spelling" codespell
check "migrations" python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
check "deployment" deployed python manage.py check --deploy --fail-level WARNING
check "API schema" deployed python manage.py spectacular --validate --fail-on-warn --file /dev/null

[ -z "$failed" ] || { printf 'Failed:%s\n' "$failed"; exit 1; }
