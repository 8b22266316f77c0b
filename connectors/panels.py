"""This room's page among the settings."""

from django.utils.translation import gettext_lazy as _

from accounts.panels import SETTINGS, SettingsPage

SETTINGS.add(
    SettingsPage(
        "accounts",
        _("Accounts"),
        "connectors:accounts",
        order=35,
        icon="send-2",
        about=_("The accounts by which each brand reads and publishes: connect, test, switch off."),
        owns=("connectors:account", "connectors:guide"),
    )
)
