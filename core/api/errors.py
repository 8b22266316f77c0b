"""Errors as problem details (RFC 9457): type, title, status, detail, and errors per field."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as FieldError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from core.errors import Conflict, Forbidden, Refused

CONTENT_TYPE = "application/problem+json"
_STATUS_OF_REFUSAL: list[tuple[type[Refused], int]] = [
    (Conflict, 409),
    (Forbidden, 403),
    (Refused, 422),
]


def problem(exception: Exception, context: dict[str, Any]) -> Response | None:
    """Turn a refusal or an API exception into `application/problem+json`; leave a bug a bug."""
    if isinstance(exception, Refused):
        return _refusal(exception)
    known = _as_api_exception(exception)
    if known is None:
        return None
    if isinstance(known, exceptions.ValidationError):
        return _invalid(known)
    body = _body(known.status_code, detail=str(known.detail))
    return Response(body, known.status_code, headers=_headers(known), content_type=CONTENT_TYPE)


def _as_api_exception(exception: Exception) -> exceptions.APIException | None:
    if isinstance(exception, exceptions.APIException):
        return exception
    if isinstance(exception, Http404 | ObjectDoesNotExist):
        # The same words for a missing and an invisible one, whatever the exception says.
        return exceptions.NotFound()
    if isinstance(exception, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(exception, FieldError):
        return exceptions.ValidationError(getattr(exception, "message_dict", exception.messages))
    if isinstance(exception, RequestDataTooBig):
        return exceptions.ParseError(_("The body is too large."))
    return None


def _refusal(refused: Refused) -> Response:
    kind, status = next(pair for pair in _STATUS_OF_REFUSAL if isinstance(refused, pair[0]))
    urn = f"urn:crisisdesk:{kind.__name__.lower()}"
    body = _body(status, detail=str(refused), kind=urn)
    return Response(body, status, content_type=CONTENT_TYPE)


def _invalid(error: exceptions.ValidationError) -> Response:
    errors: dict[str, list[str]] = {}
    for path, message in _flat(error.detail, ""):
        errors.setdefault(path, []).append(message)
    detail = _("Some fields cannot be accepted; nothing was changed.")
    body = _body(error.status_code, detail=detail, kind="urn:crisisdesk:invalid")
    return Response({**body, "errors": errors}, error.status_code, content_type=CONTENT_TYPE)


def _flat(detail: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield (path, message): `mentions.3.text` for a field of the fourth mention."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            own = "" if key == "non_field_errors" else str(key)
            yield from _flat(inner, ".".join(filter(None, (path, own))))
    elif isinstance(detail, list | tuple):
        for index, inner in enumerate(detail):
            # A list of messages belongs to its field; a list of objects counts them.
            below = f"{path}.{index}" if isinstance(inner, dict | list) and path else path
            yield from _flat(inner, below)
    else:
        yield path, str(detail)


def _body(status: int, *, detail: str, kind: str = "about:blank") -> dict[str, Any]:
    return {
        "type": kind,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }


def _headers(exception: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if auth_header := getattr(exception, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(exception, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers
