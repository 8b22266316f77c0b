"""Is the process there, is the installation ready, what do its figures say."""

import hmac
import logging
from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.metrics import GAUGES, gauge

from . import auditor
from .celery import app as celery_app

logger = logging.getLogger(__name__)
LOOPBACK = {"127.0.0.1", "::1"}
OK = "ok"


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 if database, broker and engine work, else 503; the body says which do not."""
    answers = {
        "database": _asked(_database),
        "broker": _asked(_broker),
        "engine": _asked(_engine),
    }
    well = all(answer == OK for answer in answers.values())
    return JsonResponse(answers, status=200 if well else 503)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Tell the figures to this machine, or to whoever brings METRICS_TOKEN."""
    if not _may_read(request):
        return HttpResponse("Set METRICS_TOKEN and send it as a bearer token.\n", status=403)
    lines = [line for each in GAUGES.values() for line in _lines(each.lines, each.name)]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")


@gauge("crisisdesk_queue_length", "Tasks that wait in the broker.", label="queue")
def queue_lengths() -> dict[str, float]:
    queue = celery_app.conf.task_default_queue
    with celery_app.connection_for_read() as broker:
        try:
            # Typed as the base class, which declares nothing.
            channel: Any = broker.default_channel
            found = channel.queue_declare(queue, passive=True)
        except broker.channel_errors:
            # Nothing was ever sent to it.
            return {queue: 0.0}
        return {queue: float(found.message_count)}


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    return request.META.get("REMOTE_ADDR") in LOOPBACK


def _lines(read: Callable, name: str) -> list[str]:
    """A figure that cannot be read now must not hide the others."""
    try:
        return list(read())
    except Exception:
        logger.exception("The gauge %s could not be read", name)
        return []


def _asked(check: Callable[[], str]) -> str:
    try:
        return check()
    except (Error, redis.RedisError, OSError) as error:
        # The reason may name hosts and accounts: it belongs in the log, not on an open page.
        logger.warning("Not ready: %s", " ".join(str(error).split())[:300])
        return f"failed: {type(error).__name__}"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK


def _broker() -> str:
    once = Retry(NoBackoff(), 0)
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, retry=once) as client:
        client.ping()
    return OK


def _engine() -> str:
    quiet = auditor.quiet_loops()
    return f"failed: no full cycle of {', '.join(quiet)}" if quiet else OK
