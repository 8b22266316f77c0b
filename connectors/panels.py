"""This room's page among the settings."""

from django.utils.translation import gettext_lazy as _

from accounts.panels import settings_page

settings_page(
    "connectors:accounts",
    _("Accounts"),
    _("The accounts by which each brand reads and publishes: connect, test, switch off."),
    order=35,
    icon="send-2",
    owns=("connectors:account", "connectors:guide"),
)
