"""What the demo's company has planned to post: ordinary, and some of it ill-timed by tomorrow."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.models import Brand, User
from connectors.models import ConnectedAccount
from marketing.enums import CalendarKind, Origin
from marketing.networks import marketing_networks
from marketing.services import Planned, plan

# Days from today, the hour, what, and by which of the brand's accounts; None is another tool's.
PLANNED: tuple[tuple[int, int, str, int | None, str, str], ...] = (
    (0, 17, "Snart weekend. Hvor går turen hen på tre hjul?", 0, "Danmark", "cykelliv"),
    (1, 8, "Vi brænder for familier på farten. Kom og prøv en ladcykel på lørdag.", 0, "Danmark",
     "prøvetur"),
    (1, 12, "Killer deals all weekend: 15 % off every box cover.", 1, "United Kingdom", "sale"),
    (2, 9, "Trygt med de mindste i ladet: fem råd til den første tur.", 1, "Danmark", "råd"),
    (2, 15, "Winter opening hours: we close at five on Saturdays.", 1, "United Kingdom", "service"),
    (3, 10, "Så går forårskampagnen i luften. Fuld fart på nyhederne!", 0, "Danmark", "forår"),
    (4, 11, "Ny farve på vej: skovgrøn. Hvad synes du?", 1, "Danmark", "forår"),
    (6, 9, "Meet Karla, who has built wheels with us since 2009.", 0, "", "people"),
    (8, 16, "Sit back and relax: we service your bike while you sleep tight.", 1, "", "service"),
)  # fmt: skip
ELSEWHERE = (
    (2, 7, "Nyhedsbrev: cykelliv i december", CalendarKind.NEWSLETTER, "mail", "Danmark"),
    (1, 0, "Annoncer: ladcykler til byfamilier", CalendarKind.AD, "facebook", "Danmark"),
    (3, 0, "Forårskampagne, uge 1", CalendarKind.CAMPAIGN, "", "Danmark"),
    (5, 7, "Newsletter: riding through the winter", CalendarKind.NEWSLETTER, "mail",
     "United Kingdom"),
)  # fmt: skip


def plan_marketing(brand: Brand, lead: User, *, now: datetime) -> None:
    """Fill the brand's calendar, in its own hours; what would lie in the past is left out."""
    own = ConnectedAccount.objects.filter(brand=brand, network__in=marketing_networks())
    accounts = list(own.order_by("pk"))
    for days, hour, text, which, country, tag in PLANNED:
        at = _at(brand, now, days, hour)
        if which is not None and at > now:
            account = accounts[which % len(accounts)]
            wanted = Planned(text, at, account.pk, country=country, tags=(tag,))
            plan(brand, wanted, by=lead, now=now)
    for days, hour, title, kind, network, country in ELSEWHERE:
        at = _at(brand, now, days, hour)
        wanted = Planned(
            title, at, kind=kind, title=title, network=network, country=country,
            ends_at=at + timedelta(days=7) if kind == CalendarKind.CAMPAIGN else None,
        )  # fmt: skip
        plan(brand, wanted, by=lead, now=now, origin=Origin.FILE)


def _at(brand: Brand, now: datetime, days: int, hour: int) -> datetime:
    zone = ZoneInfo(brand.time_zone)
    day = now.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time(hour), tzinfo=zone)
