"""CrisisDesk: settings, URLs, entry points and the embedded services."""

from .celery import app as celery_app

__all__ = ["celery_app"]
