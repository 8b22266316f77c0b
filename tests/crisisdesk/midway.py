"""What is under way while the parts of an installation are killed, and what became of it.

Run as `python -m tests.crisisdesk.midway prepare|examine` with the installation's environment, so
that it goes through the same settings and sockets as the desk itself. Prints JSON.
"""

import json
import sys

INCIDENTS, RUNGS, ROUNDS, WAIT = 12, 3, 2, 4
DRAFTS = 12


def prepare() -> dict[str, str]:
    """A brand with a webhook, incidents whose ladders climb, and drafts about to go out."""
    from core.clock import database_now
    from monitoring.enums import SourceKind
    from monitoring.services.sources import configure, create_source
    from tests.factories.accounts import BrandFactory, MembershipFactory, UserFactory

    now = database_now()
    brand = BrandFactory.create()
    lead, other = UserFactory.create(), UserFactory.create()
    for user in (lead, other):
        MembershipFactory.create(user=user, brand=brand, role="ADMINISTRATOR")
    hook = create_source(
        brand, kind=SourceKind.WEBHOOK, name="Hook", config=configure("webhook"), by=lead, now=now
    )
    _climbing(brand, lead)
    _going_out(brand, lead, other)
    return {"path": f"/hooks/{hook.source.public_id}/", "secret": hook.secret}


def _climbing(brand, lead) -> None:
    from core.clock import database_now
    from incidents.enums import Origin, Target
    from incidents.services import open_incident, save_policy

    step = {"target": Target.USER, "user": lead, "role": "", "wait": WAIT}
    save_policy(brand, name="Quick", rounds=ROUNDS, is_default=True, steps=[step] * RUNGS, by=lead)
    for number in range(INCIDENTS):
        now = database_now()
        open_incident(
            brand,
            title=f"Case {number}",
            crisis_type="none",
            severity=3,
            severity_reasons=[],
            origin=Origin.PERSON,
            by=lead,
            began_at=now,
            now=now,
        )


def _going_out(brand, author, approver) -> None:
    from connectors.models import ConnectedAccount
    from core.clock import database_now
    from incidents.models import Incident
    from responses.services import approve, create_draft, submit

    account = ConnectedAccount.objects.create(
        brand=brand, network="simulator", name="Us", config={"world": "midway", "network": "x"}
    )
    incident = Incident.objects.first()
    assert incident
    for number in range(DRAFTS):
        now = database_now()
        draft = create_draft(
            incident.pk,
            title=f"Answer {number}",
            text=f"We are on it, number {number}.",
            account_ids=[account.pk],
            by=author,
            now=now,
        )
        submit(draft.pk, by=author, now=now)
        shown = draft.versions.get(number=draft.version)
        approve(draft.pk, by=approver, sha256=shown.sha256, version=shown.number, now=now)


def examine() -> dict[str, object]:
    """How everything stands: mentions by external id, calls with their lateness, posts by key."""
    from django.db.models import F

    from connectors.models import SimulatedPost
    from incidents.models import Call, Incident
    from monitoring.models import Mention, MentionCount
    from responses.models import Publication

    # After the last round everybody is called every few minutes, for ever: not a rung.
    rungs = RUNGS * ROUNDS
    times = Call.objects.filter(rung__lt=rungs).values_list("due_at", "fired_at")
    late = [(fired - due).total_seconds() for due, fired in times]
    posts = SimulatedPost.objects.filter(world="midway")
    return {
        "mentions": list(Mention.objects.values_list("external_id", flat=True)),
        "counted": sum(MentionCount.objects.values_list("total", flat=True)),
        "calls": len(late),
        "latest": max(late, default=0.0),
        "climbing": Incident.objects.filter(rung__lt=rungs).count(),
        "posts": list(posts.values_list("text", flat=True)),
        "publications": list(Publication.objects.order_by("pk").values_list("state", flat=True)),
        "unequal": Publication.objects.exclude(sha256=F("version__sha256")).count(),
    }


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps({"prepare": prepare, "examine": examine}[sys.argv[1]]()))
