"""Fields that the accounts of Facebook, Instagram and Threads have in common."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Setting

APP_SECRET = Setting(
    "app_secret",
    _("App secret"),
    secret=True,
    required=False,
    help=_("In the app's dashboard under “App settings”, “Basic”. Needed for webhooks."),
)
VERIFY_TOKEN = Setting(
    "verify_token",
    _("Verify token"),
    secret=True,
    required=False,
    help=_("Any long word: enter the same one where the app's webhook is set up."),
)
VERSION = Setting("version", _("Version of the Graph API"), required=False, default="v24.0")
