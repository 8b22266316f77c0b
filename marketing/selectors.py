"""The calendar and the pauses as people may see them, and the words of the crises they run into."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from accounts.models import User
from connectors.models import ConnectedAccount
from incidents.enums import Severity, State
from incidents.models import Incident, Signal
from monitoring.models_signals import Theme

from .enums import PostState
from .models import ChecklistItem, Feed, Pause, ScheduledPost
from .networks import marketing_networks
from .timing import Crisis, Mark, scan

MOST_SCANNED = 300
THEMES = 8
GONE = (PostState.SENT, PostState.DROPPED)


def posts(user: User) -> QuerySet[ScheduledPost]:
    """Calendar entries of the reader's brands, with what a row shows. Dropped ones are left out."""
    rows: QuerySet[ScheduledPost] = ScheduledPost.objects.visible_to(user)
    return rows.exclude(state=PostState.DROPPED).select_related(
        "brand", "account", "author", "pause__owner", "feed", "decided_by"
    )


def between(
    user: User, start: datetime, end: datetime, *, brand: str = "", kind: str = ""
) -> QuerySet[ScheduledPost]:
    """Entries that stand in the calendar from `start` to before `end`, the longer ones included."""
    rows = posts(user).filter(Q(at__gte=start) | Q(ends_at__gte=start), at__lt=end)
    if brand:
        rows = rows.filter(brand__slug=brand)
    return rows.filter(kind=kind) if kind else rows


def pauses(user: User) -> QuerySet[Pause]:
    """Pauses of the reader's brands. Of a private incident only its insiders learn which it is."""
    rows: QuerySet[Pause] = Pause.objects.visible_to(user)
    return rows.select_related("brand", "incident", "owner", "started_by", "ended_by")


def running(user: User) -> QuerySet[Pause]:
    """Those that nobody has ended, with how many posts each holds."""
    held = Count("posts", filter=Q(posts__state=PostState.HELD))
    return pauses(user).filter(ended_at=None).annotate(holding=held)


def unsettled(user: User) -> QuerySet[Pause]:
    """Ended pauses that still hold posts: the gate is open until nothing waits."""
    held = Count("posts", filter=Q(posts__state=PostState.HELD))
    return pauses(user).exclude(ended_at=None).annotate(holding=held).filter(holding__gt=0)


def held(user: User, pause: Pause | None = None) -> QuerySet[ScheduledPost]:
    rows = posts(user).filter(state=PostState.HELD)
    return rows.filter(pause=pause) if pause else rows


def chores(pause: Pause) -> QuerySet[ChecklistItem]:
    return pause.checklist.select_related("post__account", "post__feed", "account", "done_by")


def feeds(user: User) -> QuerySet[Feed]:
    rows: QuerySet[Feed] = Feed.objects.visible_to(user)
    return rows.select_related("brand").annotate(
        coming=Count("entries", filter=Q(entries__state=PostState.ELSEWHERE))
    )


def publishing_accounts(brand_ids: Iterable[int]) -> list[ConnectedAccount]:
    """Accounts that something can be sent through, by brand and name."""
    rows = ConnectedAccount.objects.filter(
        brand__in=brand_ids, is_active=True, network__in=marketing_networks()
    )
    return list(rows.select_related("brand").order_by("brand__name", "name"))


def crises(brand_ids: Iterable[int], *, user: User | None = None) -> dict[int, list[Crisis]]:
    """Return the open crises of each brand in the words that are spoken of them.

    Each by its kind, the terms that its detections named, its title and, of the brand, the themes
    of the moment. Three queries. With `user` only incidents that this person may see.
    """
    seen = Incident.objects.visible_to(user) if user else Incident.objects.filter(is_private=False)
    rows = seen.filter(brand__in=brand_ids).exclude(state=State.RESOLVED)
    incidents = list(rows.filter(severity__lte=Severity.SEV3).order_by("severity", "-pk")[:20])
    terms = _detected(incidents)
    themes = _themes({each.brand_id for each in incidents})
    found: dict[int, list[Crisis]] = {}
    for each in incidents:
        words = [*terms.get(each.pk, ()), *_title(each), *themes.get(each.brand_id, ())]
        crisis = Crisis(each.crisis_type, tuple(dict.fromkeys(words)))
        found.setdefault(each.brand_id, []).append(crisis)
    return found


def _title(incident: Incident) -> list[str]:
    """The longer words of what a person called it, save the brand's own name."""
    own = {word.casefold() for word in incident.brand.name.split()}
    words = (word.strip(".,:;!?“”\"'()") for word in incident.given_title.split())
    return [word for word in words if len(word) > 4 and word.casefold() not in own]


def _themes(brand_ids: set[int]) -> dict[int, list[str]]:
    rows = Theme.objects.filter(brand__in=brand_ids, rank__isnull=False, negative_share__gte=0.3)
    found: dict[int, list[str]] = {}
    for brand_id, terms in rows.order_by("rank").values_list("brand", "terms")[: THEMES * 5]:
        found.setdefault(brand_id, []).extend(terms[:4])
    return found


def _detected(incidents: Sequence[Incident]) -> dict[int, list[str]]:
    """The words that set the posts of each alarm apart, as its detection named them."""
    rows = Signal.objects.filter(incident__in=incidents)
    found: dict[int, list[str]] = {}
    for pk, reasons in rows.values_list("incident", "detection__reasons"):
        words = (reason.get("words", ()) for reason in reasons if reason.get("code") == "words")
        found.setdefault(pk, []).extend(word for each in words for word in each)
    return found


def marks(posts: Sequence[ScheduledPost], user: User) -> dict[int, list[Mark]]:
    """Return what the scan found in each post that has not gone out, by id; empty where nothing."""
    waiting = [post for post in posts if post.state not in GONE][:MOST_SCANNED]
    found = crises({post.brand_id for post in waiting}, user=user)
    marked = {
        post.pk: scan(f"{post.title}\n{post.text}", found[post.brand_id])
        for post in waiting
        if post.brand_id in found
    }
    return {pk: each for pk, each in marked.items() if each}
