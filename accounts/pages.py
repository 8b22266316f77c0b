"""This room's pages of the settings."""

from django.utils.translation import gettext_lazy as _

from .panels import SETTINGS, SettingsPage


def register() -> None:
    """Called once by the AppConfig."""
    SETTINGS.add(
        SettingsPage(
            "profile",
            _("Your profile"),
            "accounts:profile",
            order=10,
            icon="user",
            about=_("Name, language, time zone, appearance and password."),
            owns=("accounts:profile", "accounts:password"),
        )
    )
    SETTINGS.add(
        SettingsPage(
            "brands",
            _("Brands and people"),
            "accounts:brands",
            order=20,
            icon="users",
            about=_("Which brands are watched, and who has which role."),
            owns=("accounts:brand", "accounts:people", "accounts:member", "accounts:invit"),
        )
    )
    SETTINGS.add(
        SettingsPage(
            "tokens",
            _("API tokens"),
            "accounts:tokens",
            order=80,
            icon="key",
            about=_("Keys for programs that act as you."),
            owns=("accounts:token",),
        )
    )
    SETTINGS.add(
        SettingsPage(
            "audit",
            _("Audit trail"),
            "accounts:audit",
            order=90,
            icon="history",
            about=_("Who did what, and when. Entries are never changed."),
            owns=("accounts:audit",),
        )
    )
