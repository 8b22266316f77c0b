"""Which static files are collected."""

from django.contrib.staticfiles.apps import StaticFilesConfig


class OnlyUsed(StaticFilesConfig):
    """Leaves out what no page asks for; compressing it would double a first start.

    The API's browsable pages are switched off, and htmx itself is vendored.
    """

    ignore_patterns = [  # noqa: RUF012 - the base class declares it so
        *StaticFilesConfig.ignore_patterns,
        "rest_framework",
        "django_htmx",
    ]
