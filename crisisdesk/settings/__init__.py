"""Settings. Everything that differs between installations comes from the environment.

A checkout runs without any of it: without DATABASE_URL and REDIS_URL the addresses are those of
the embedded services, and secrets are made once and kept under var/.
"""

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from core import env
from crisisdesk.embedded import keys, places

from . import database

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(env.text("CRISISDESK_VAR", str(BASE_DIR / "var")))

EMBEDDED = places.find(VAR_DIR)

DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.secret("SECRET_KEY") or keys.kept(VAR_DIR / "secret_key")
# Encrypts connected accounts' credentials; the first key writes, all of them read (rotation).
CREDENTIAL_KEYS = [key for key in env.secret("CREDENTIAL_KEYS").split(",") if key] or [
    keys.kept(VAR_DIR / "credential_key", length=32)
]
# Signs web pushes; browsers that subscribed under another key have to subscribe again.
VAPID_KEY = env.secret("VAPID_KEY") or keys.kept(VAR_DIR / "vapid_key", length=32)
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", default=8000, least=1)
# Proxies whose X-Forwarded-For and -Proto are believed.
FORWARDED_ALLOW_IPS = env.text("FORWARDED_ALLOW_IPS", "127.0.0.1")
PUBLIC_URL = env.text("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
# The public statement pages: where their process listens, where their files are written, and the
# address by which the world knows them (docs/statement-page.md).
STATEMENT_HOST = env.text("STATEMENT_HOST", HOST)
STATEMENT_PORT = env.integer("STATEMENT_PORT", default=PORT + 1, least=1)
STATEMENT_URL = env.text("STATEMENT_URL", f"http://127.0.0.1:{STATEMENT_PORT}").rstrip("/")
STATEMENT_ROOT = Path(env.text("STATEMENT_ROOT", str(VAR_DIR / "statements")))
ALLOWED_HOSTS = [
    *env.words("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]")),
    urlsplit(PUBLIC_URL).hostname or "localhost",
]
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
SECURE = PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "crisisdesk.staticfiles.OnlyUsed",
    "django.contrib.postgres",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "crispy_forms",
    "crispy_bootstrap5",
    "rest_framework",
    "drf_spectacular",
    "core",
    "accounts",
    "notifications",
    "connectors",
    "monitoring",
    "incidents",
    "responses",
    "marketing",
    "reviews",
    "training",
    "drills",
    "crisisdesk",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pages and answers; static files were compressed when they were collected. Random padding, so
    # that sizes tell nothing of tokens (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "core.middleware.AddressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.ReaderMiddleware",
    "accounts.middleware.FirstRunMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "crisisdesk.urls"
ASGI_APPLICATION = "crisisdesk.asgi.application"
WSGI_APPLICATION = "crisisdesk.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "overview"
# Where the first administrator goes next: a page of a room above accounts.
FIRST_SOURCE_URL = "monitoring:source_new"
LOGOUT_REDIRECT_URL = "accounts:sign_in"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.context.shell",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": ["core.templatetags.ui", "template_partials.templatetags.partials"],
        },
    }
]

DATABASES = {
    "default": {
        **database.parse(env.secret("DATABASE_URL") or EMBEDDED.database_url),
        # Threads of one process keep their connection for a minute and check it before use.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", "3")

REDIS_URL = env.secret("REDIS_URL") or EMBEDDED.redis_url
# How often a socket's person and rights are read afresh, and how often a page is told where its
# groups stand.
LIVE_RECHECK_SECONDS = env.integer("LIVE_RECHECK_SECONDS", default=30, least=1)
LIVE_BEAT_SECONDS = env.integer("LIVE_BEAT_SECONDS", default=15, least=1)
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

CELERY_BROKER_URL = env.secret(
    "CELERY_BROKER_URL",
    # Kombu has names of its own for a socket and for the number of the database.
    REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host="),
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Longer than the longest task. Kombu's own sweep takes 100 s unless told otherwise.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    # Whoever sends a task without a broker hears so at once; by itself kombu tries for six seconds.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}

AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
# Database sessions: signing in works while Redis is down, and nothing is pickled.
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 24 * 3600
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
SECURE_HSTS_SECONDS = 63072000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_SSL_REDIRECT = SECURE and env.boolean("SSL_REDIRECT", default=True)
# Probes come from beside the proxy, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: []
    for name in ("camera", "geolocation", "microphone", "payment", "usb", "browsing-topics")
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# The largest request body: a webhook call of 1,000 mentions fits well within it.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
MEDIA_ROOT = VAR_DIR / "media"
# A scoring model of one's own instead of the shipped one: tools/train_scoring.py.
SCORING_MODEL = env.text("SCORING_MODEL")
# The same for the second tier: tools/train_second.py.
SCORING_SECOND = env.text("SCORING_SECOND")
# A classifier of one's own: a folder with model.onnx, tokenizer.json and config.json. In a round of
# the second tier it has so many seconds.
SCORING_LOCAL = env.text("SCORING_LOCAL")
SCORING_LOCAL_SECONDS = env.integer("SCORING_LOCAL_SECONDS", default=20, least=1)
# An endpoint that speaks OpenAI's chat completions, for posts of at least this reach, at most so
# many calls a day (UTC).
SCORING_ENDPOINT = env.text("SCORING_ENDPOINT")
SCORING_ENDPOINT_MODEL = env.text("SCORING_ENDPOINT_MODEL")
SCORING_ENDPOINT_KEY = env.text("SCORING_ENDPOINT_KEY")
SCORING_ENDPOINT_REACH = env.integer("SCORING_ENDPOINT_REACH", default=10_000, least=0)
SCORING_ENDPOINT_DAILY = env.integer("SCORING_ENDPOINT_DAILY", default=200, least=0)
# Months for which mentions are kept after they came in; 0 keeps them for ever.
MENTIONS_KEPT_MONTHS = env.integer("MENTIONS_KEPT_MONTHS", default=24, least=0)
# The largest file the importer takes, compressed or not.
IMPORT_MAX_BYTES = env.integer("IMPORT_MAX_MB", default=512, least=1) * 1024 * 1024

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("da", _("Danish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "core.api.pages.PageNumbers",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.StrictJSONParser"],
    "EXCEPTION_HANDLER": "core.api.errors.problem",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CrisisDesk",
    "DESCRIPTION": "Monitor, detect, run incidents, approve and publish responses.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api.schema.with_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "Role": "accounts.enums.Role",
        "CrisisType": "monitoring.enums.CrisisType",
        "DetectionKind": "monitoring.enums.DetectionKind",
        "LabelField": "monitoring.enums.LabelField",
        "QueryKind": "monitoring.enums.QueryKind",
        "TriageState": "monitoring.chart.TriageState",
        "PostKind": "monitoring.chart.PostKind",
        "NoticeMeans": "notifications.enums.Means",
        "JobKind": "monitoring.enums.JobKind",
        "JobState": "monitoring.enums.JobState",
        "CaseOrigin": "training.enums_cases.CaseOrigin",
        "IncidentRole": "incidents.enums.IncidentRole",
        "IncidentState": "incidents.enums.State",
        "PlanKind": "incidents.enums.PlanKind",
        "SeverityEnum": "incidents.enums.Severity",
        "PromiseState": "incidents.enums_record.PromiseState",
        "BreachState": "incidents.enums_record.BreachState",
        "FactStatus": "incidents.enums_record.FactStatus",
        "SwapState": "incidents.enums_rota.SwapState",
        "DraftState": "responses.enums.DraftState",
        "DraftAct": "responses.enums.Act",
        "DraftRisk": "responses.enums.Risk",
        "ApprovalStepMode": "responses.enums.StepMode",
        "CalendarKind": "marketing.enums.CalendarKind",
        "PublicationState": "responses.enums.PublicationState",
        "MarketingFeedKind": "marketing.enums.FeedKind",
        "AudienceEnum": "responses.enums_plan.Audience",
        "ConversationState": "responses.enums_engage.ConversationState",
        "AnswerRunKind": "responses.enums_engage.RunKind",
    },
}

EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.integer("EMAIL_PORT", default=587, least=1)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.secret("EMAIL_HOST_PASSWORD")
# TLS from the first byte (port 465) instead of STARTTLS.
EMAIL_USE_SSL = env.boolean("EMAIL_USE_SSL", default=False)
EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS", default=bool(EMAIL_HOST) and not EMAIL_USE_SSL)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "CrisisDesk <crisisdesk@localhost>")
# Apprise URLs with {to} where the person's number or chat goes: docs/notices.md.
NOTIFY_SMS = env.secret("NOTIFY_SMS")
NOTIFY_VOICE = env.secret("NOTIFY_VOICE")
NOTIFY_SIGNAL = env.secret("NOTIFY_SIGNAL")
NOTIFY_TELEGRAM = env.secret("NOTIFY_TELEGRAM")
# Where replies to mails are read ("ack"), and the address that they are written to.
REPLY_ADDRESS = env.text("REPLY_ADDRESS")
REPLY_IMAP_HOST = env.text("REPLY_IMAP_HOST")
REPLY_IMAP_PORT = env.integer("REPLY_IMAP_PORT", default=993, least=1)
REPLY_IMAP_SECURITY = env.text("REPLY_IMAP_SECURITY", "tls")
REPLY_IMAP_USER = env.text("REPLY_IMAP_USER", REPLY_ADDRESS)
REPLY_IMAP_PASSWORD = env.secret("REPLY_IMAP_PASSWORD")
# Signs what a text gateway posts to /hooks/replies/ (Standard Webhooks).
REPLY_SECRET = env.secret("REPLY_SECRET")

# An outside address that is asked each minute while all is well (docs/operations.md).
HEARTBEAT_URL = env.text("HEARTBEAT_URL")
# Who may read /metrics; without it only callers from this machine.
METRICS_TOKEN = env.secret("METRICS_TOKEN")
# Hosts or networks in private ranges that outbound calls may reach nevertheless.
OUTBOUND_ALLOW = env.words("OUTBOUND_ALLOW")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "core.logs.OneLine", "format": "%(levelname)s %(name)s: %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {"django.request": {"level": "ERROR"}, "httpx": {"level": "WARNING"}},
}
