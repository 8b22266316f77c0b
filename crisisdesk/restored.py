"""Sees that this database is a restored copy, and says so until somebody lets it call people."""

from core import home
from core.engine import audit, loop
from core.models import Home


@loop("home", every=2)
def look() -> int:
    """Note where the database lives; in a restored copy nobody is called until told to."""
    home.look()
    return 0


@audit("home")
def held() -> list[str]:
    """That the desk stands still: calls nobody and publishes nothing."""
    since = Home.objects.values_list("held_since", flat=True).first()
    if since is None and not home.is_held():
        return []
    return [
        "This database was restored or is held: nobody is called and nothing is published until"
        " `manage.py hold --end`."
    ]
