"""The audit trail's words for what is done in this room. Imported by the AppConfig."""

from django.utils.translation import gettext_lazy as _

from accounts.wording import register_actions

register_actions(
    {
        "account.connected": _("Connected an account"),
        "account.granted": _("Was granted access by a network"),
        "account.changed": _("Changed an account"),
        "account.secret_replaced": _("Replaced an account's secret"),
        "account.activated": _("Switched an account on"),
        "account.deactivated": _("Switched an account off"),
    }
)
