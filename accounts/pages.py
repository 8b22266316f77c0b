"""This room's pages of the settings."""

from django.utils.translation import gettext_lazy as _

from .panels import settings_page


def register() -> None:
    """Called once by the AppConfig."""
    settings_page(
        "accounts:profile",
        _("Your profile"),
        _("Name, language, time zone, appearance and password."),
        order=10,
        icon="user",
        owns=("accounts:profile", "accounts:password"),
    )
    settings_page(
        "accounts:brands",
        _("Brands and people"),
        _("Which brands are watched, and who has which role."),
        order=20,
        icon="users",
        owns=("accounts:brand", "accounts:people", "accounts:member", "accounts:invit"),
    )
    settings_page(
        "accounts:tokens",
        _("API tokens"),
        _("Keys for programs that act as you."),
        order=80,
        icon="key",
        owns=("accounts:token",),
    )
    settings_page(
        "accounts:audit",
        _("Audit trail"),
        _("Who did what, and when. Entries are never changed."),
        order=90,
        icon="history",
        owns=("accounts:audit",),
    )
