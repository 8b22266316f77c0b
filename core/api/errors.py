"""Errors as problem details."""

from typing import Any

from rest_framework.response import Response


def problem(exception: Exception, context: dict[str, Any]) -> Response | None:
    """Turn a refusal or an API exception into `application/problem+json`."""
    from rest_framework.views import exception_handler  # noqa: PLC0415 - imports our settings

    return exception_handler(exception, context)
