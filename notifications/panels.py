"""This room's pages among the settings."""

from django.utils.translation import gettext_lazy as _

from accounts.panels import settings_page

settings_page(
    "notifications:ways",
    _("How you are told"),
    _("Your phone, devices and chats, in which order they are used, and when it is quiet."),
    order=15,
    icon="bell-ringing",
    owns=(
        "notifications:ways",
        "notifications:address",
        "notifications:rule",
        "notifications:health",
    ),
)
settings_page(
    "notifications:channels",
    _("Channels"),
    _("Chats and programs that an escalation step tells: Slack, Teams, your own webhook."),
    order=65,
    icon="messages",
    owns=("notifications:channel",),
)
