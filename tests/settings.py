"""Settings for tests: the same as in production, made quick and quiet."""

from tests import services

services.addresses()

from crisisdesk.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
WHITENOISE_AUTOREFRESH = True
# Straight from static/: tests collect nothing.
WHITENOISE_USE_FINDERS = True
ALLOWED_HOSTS = ["*"]
