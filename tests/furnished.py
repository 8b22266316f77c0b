"""A brand with something of everything, so that each page has something to show.

A test module that wants it imports the fixtures: `from tests.furnished import filled_fixture`, and
those that it is made of.
"""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver
from django.utils import timezone, translation
from PIL import Image

from accounts.enums import Role
from accounts.models import Brand, User
from accounts.services import issue_token
from connectors.models import ConnectedAccount
from incidents import services as incidents
from incidents.enums import Origin, PlanKind, State
from incidents.enums_record import FactStatus
from incidents.models import Incident
from incidents.models_updates import BriefReceipt
from incidents.services import (
    breach,
    briefs,
    evidence,
    facts,
    handover,
    plans,
    promises,
    silence,
    situation,
    walls,
)
from incidents.services.decisions import Why
from incidents.services.plan_running import adopt
from marketing import services as marketing
from marketing.services import feeding
from monitoring.enums import CrisisType, DetectionKind, ImportState, Occasion, Opinion, Sentiment
from monitoring.models import FileImport, Mention, MentionCount, Query, Step
from monitoring.models_queries import QueryCount
from monitoring.models_signals import Theme
from monitoring.models_triage import StreamJob
from monitoring.selectors import Filters
from monitoring.services import detecting, exporting, rehearsals, signals
from monitoring.services.searches import save_search
from notifications.links import signed_action
from notifications.models import Provider, Rule
from responses import outside
from responses import services as responses
from responses.enums_engage import RunKind
from responses.models import Draft, Version
from responses.models_assistant import Suggestion
from responses.models_statement import StatementSubscriber
from responses.plan import reading
from responses.services import assistant
from responses.services import statement as statements
from responses.services.engage import concerns, intake, stock
from responses.services.engage.runs import start_run
from responses.services.guidelines import Avoiding, avoid
from responses.services.links import Outsider
from responses.services.plan import keeping, templates, using
from responses.services.policies import Wanted
from responses.services.strategy import answer, decide
from responses.statements.links import confirm_url, leave_url
from reviews.models import FollowUp
from reviews.services import Wanted as FollowUpWanted
from reviews.services import add_follow_up, add_lesson
from tests.factories.accounts import InvitationFactory, MembershipFactory, UserFactory
from tests.factories.connectors import AccountFactory
from tests.factories.incidents import DetectionFactory, on_the_ladder
from tests.factories.monitoring import QueryFactory, SourceFactory, mention
from tests.factories.notifications import ChannelFactory, reach
from tests.factories.rota import on_duty
from training.cases import shipped

Page = tuple[str, set[str]]
ACCOUNT_PAGES = ("", "_grant", "_test", "_secret", "_deactivate", "_activate")


def names(
    patterns: list[URLPattern | URLResolver], space: str = "", *, without: set[str]
) -> Iterator[Page]:
    """Yield each page's name and the parts of its address."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if str(pattern.pattern) not in without:
                inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
                yield from names(pattern.url_patterns, inner, without=without)
        elif pattern.name and space + pattern.name not in without:
            yield space + pattern.name, set(pattern.pattern.converters)


@pytest.fixture(name="karen")
def karen_fixture(brand: Brand) -> User:
    """Administers the brand and reads Danish."""
    user = UserFactory.create(email="karen@example.org", name="Karen Krogh", language="da")
    MembershipFactory.create(user=user, brand=brand, role=Role.ADMINISTRATOR)
    return user


@pytest.fixture(name="account")
def account_fixture(brand: Brand) -> ConnectedAccount:
    return AccountFactory.create(brand=brand, name="@fjordkaffe", config={"world": "havn"})


@pytest.fixture(name="post")
def post_fixture(brand: Brand) -> Mention:
    """A post and the figures of an unusual hour."""
    now = timezone.now()
    SourceFactory.create(brand=brand, name="Havneavisen")
    for ago in range(1, 30):
        Step.objects.create(
            brand=brand, starts_at=now - timedelta(minutes=5 * ago), total=6, negative=4,
            positive=1, reach=10, expected_low=3, expected_high=9, score=0,
        )  # fmt: skip
    MentionCount.objects.create(
        brand=brand, minute=now, network="news", crisis_type="product_safety", total=60, negative=40
    )
    return mention(
        brand, text="Kaffen smager af plastik", lang="da", network="news", reach=4_800_000,
        sentiment=Sentiment.NEGATIVE, crisis_type=CrisisType.PRODUCT_SAFETY,
        source_id=brand.sources.get().pk, corrected_sentiment=Sentiment.NEGATIVE,
    )  # fmt: skip


def recorded(incident: Incident, alice: User, bob: User) -> None:
    """The incident's record: facts of every kind, one of them cited and taken back."""
    now = timezone.now()
    sure = facts.Claim("Låget knækker", status=FactStatus.VERIFIED, source="Laboratoriet")
    facts.add_fact(incident.pk, sure, by=bob, now=now)
    facts.add_fact(incident.pk, facts.Claim("Det gælder parti 7"), by=bob, now=now)
    incidents.add_note(incident.pk, by=bob, text="Vi kan sige [F1], men ikke [F2]", now=now)
    gone = facts.Change({"status": FactStatus.WITHDRAWN}, 1, "Prøven var forkert")
    facts.change_fact(incident.pk, 1, gone, by=alice, now=now)
    for section, text in (("HAPPENED", "Plastik i grøden"), ("EFFECT", "Kæderne ringer")):
        situation.write_situation(incident.pk, situation.Writing(section, text, 0), by=bob, now=now)
    instead = Why(reason="Flere partier", rejected="At vente", owner=alice, corrects=1)
    incidents.add_decision(incident.pk, by=bob, text="Vi trækker alt", why=instead, now=now)
    breach.start_breach(incident.pk, now, reason="Værten ringede", by=alice, now=now)
    people = breach.Text("PEOPLE", "Kunder, omkring 310 [F1]", 0)
    breach.write_field(incident.pk, people, by=alice, now=now)
    breach.decide_telling(incident.pk, "NEEDED", reason="Kortnumre", by=alice, now=now)
    sent = breach.Notified(now, "2026-431-0001", "Tal følger")
    breach.notify_authority(incident.pk, sent, by=alice, now=now)
    said = silence.Word("press", now, text="Vi beklager")
    silence.note_word(incident.pk, said, by=bob, now=now)
    incidents.mark_responded(
        incident.pk, at=now, channel="news", text="Vi melder ud igen om to timer"
    )
    for text in ("Næste udmelding", "Tal med kæderne"):
        given = promises.Given(text, now + timedelta(hours=2), alice, "Havneavisen")
        promises.give_promise(incident.pk, given, by=bob, now=now)
    settled = promises.Settling("BROKEN", 1, "Laboratoriet svarede ikke")
    promises.settle_promise(incident.pk, 2, settled, by=alice, now=now)


@pytest.fixture(name="incident")
def incident_fixture(brand: Brand, post: Mention, alice: User, bob: User, karen: User) -> Incident:
    """A whole day: called, acknowledged, led, written about, with tasks done and left."""
    now = timezone.now() - timedelta(hours=1)
    on_the_ladder(brand, alice, bob)
    brand.policies.update(name="Hverdage")
    opened = incidents.open_incident(
        brand, title="", crisis_type=CrisisType.PRODUCT_SAFETY, severity=2,
        severity_reasons=[], origin=Origin.MENTION, by=bob, began_at=now, now=now,
        mention={"id": post.pk, "published_at": post.published_at, "author": post.author},
    )  # fmt: skip
    incidents.fire_next(now=now)
    incidents.escalate_now(opened.pk, by=bob, now=now)
    incidents.acknowledge(opened.pk, by=alice, now=now + timedelta(minutes=3))
    incidents.change_state(opened.pk, State.RESPONDING, by=alice, now=now)
    incidents.change_severity(opened.pk, 1, by=alice, reason="Børn kan sluge det", now=now)
    incidents.add_decision(opened.pk, by=alice, text="Vi trækker varen tilbage", now=now)
    incidents.add_update(opened.pk, by=alice, text="Fabrikken er standset", now=now)
    done = incidents.add_task(opened.pk, by=alice, title="Ring til fabrikken", now=now)
    incidents.finish_task(opened.pk, done.pk, by=bob, now=now)
    incidents.add_task(
        opened.pk, by=alice, title="Underret kæderne", owner=karen, due_at=now, now=now
    )
    incidents.add_shift(
        brand, user=bob, starts_at=now, ends_at=now + timedelta(hours=8), by=karen, now=now
    )
    recorded(opened, alice, bob)
    add_lesson(opened, kind="WORKED", text="Hurtigt opdaget", by=alice)
    wanted = FollowUpWanted("Sæt telefonnummeret på æsken", bob, now.date() + timedelta(days=30))
    add_follow_up(opened, wanted, by=alice, now=now)
    return opened


def drilled(brand: Brand, by: User) -> int:
    """A fire drill that is over, of a policy that a step of every kind was added to."""
    hook, _secret = incidents.add_webhook(brand, name="Vagtcentral", url="https://x.dk/", by=by)
    policy = brand.policies.get()
    night = {"from": "22:00", "to": "06:00", "days": [4, 5], "zone": "Europe/Copenhagen"}
    plain = {"user": None, "role": "", "wait": 60}
    only = {"hours": night, "severity": 2, "alarms": {"count": 3, "minutes": 30}}
    incidents.save_policy(
        brand, policy=policy, name="Nætter", rounds=2, is_default=True, by=by,
        steps=[
            plain | {"target": "USER", "user": by},
            plain | {"target": "TURN", "people": [by.pk], "times": 2, "only": only},
            plain | {"target": "CREW", "role": "LEGAL"},
            plain | {"target": "ON_CALL", "line": 2},
            plain | {"target": "WEBHOOK", "subject": hook.pk},
            plain | {"target": "SEVERITY", "level": 1},
            plain | {"target": "WAIT"},
        ],
    )  # fmt: skip
    policy.refresh_from_db()
    now = timezone.now()
    drill = incidents.start_drill(policy, by=by, now=now)
    while incidents.fire_next(now=now):
        pass
    incidents.acknowledge(drill.incident_id, by=by, now=now)
    incidents.end_drills(now)
    return drill.pk


def listened(brand: Brand) -> Query:
    """A query of the brand; beside it a watch list, a competitor and a topic with their counts."""
    query = QueryFactory.create(brand=brand, name="Mærket", expression="plastik OR fjordkaffe")
    QueryFactory.create(
        brand=brand, name="Chefer", expression='"Ida Holm"', kind="watch", watched="executives"
    )
    rival = QueryFactory.create(brand=brand, name="Bjergkaffe", expression="b", kind="competitor")
    topic = QueryFactory.create(brand=brand, name="Priser", expression="pris*", kind="topic")
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    for each in (query, rival, topic):
        for ago in (1, 26, 800):
            QueryCount.objects.create(
                query=each, hour=hour - timedelta(hours=ago), total=30 + ago, negative=3
            )
    return query


def signalled(brand: Brand, post: Mention, karen: User) -> dict[str, int]:
    """A signal that was voted on, a rule and its rehearsal, a theme, an expected peak."""
    now = timezone.now()
    shown = {"id": post.pk, "published_at": post.published_at.isoformat()}
    volume = {"code": "volume", "count": 60, "minutes": 5, "low": 2, "high": 10}
    signal = DetectionFactory.create(
        brand=brand, detected_at=now, samples=[shown], handled_at=now,
        reasons=[volume, {"code": "words", "words": ["plastik", "kæde"]}],
    )  # fmt: skip
    signals.vote(signal, Opinion.REAL, why="Det passer", by=karen, now=now)
    wanted = detecting.Wanted(kind=DetectionKind.VOLUME, name="Dansk", languages=["da"])
    rule = detecting.save_rule(brand, wanted, by=karen, now=now)
    rehearsal = rehearsals.rehearse(
        brand, rehearsals.Tried(DetectionKind.VOLUME), by=karen, now=now
    )
    signals.expect_peak(
        brand, title="Ny kaffe", occasion=Occasion.LAUNCH, starts_at=now,
        ends_at=now + timedelta(days=1), factor=5, by=karen,
    )  # fmt: skip
    Theme.objects.create(
        brand=brand, name="plastik, smager", terms=["plastik", "smager"], began_at=now,
        seen_at=now, mentions=40, sampled=60, hourly=40, negative_share=0.8, rank=1,
        course=[[now.timestamp() - 3600, 4], [now.timestamp(), 40]], samples=[shown],
        questions=[{**shown, "asked": 3}],
    )  # fmt: skip
    return {
        "monitoring:signal": signal.pk,
        "monitoring:rule_own": rule.pk,
        "monitoring:rule_delete": rule.pk,
        "monitoring:rehearsal": rehearsal.pk,
    }


def walled(incident: Incident, by: User) -> tuple[int, str]:
    """A screen without anybody signed in: its link and its secret."""
    link, secret = walls.open_wall(
        incident.pk, place="Kantinen", language="da", by=by, now=timezone.now()
    )
    return link.pk, secret


def exported(by: User) -> StreamJob:
    """An export whose file is ready."""
    now = timezone.now()
    filters = exporting.frozen(by, Filters(), now=now)
    job = exporting.begin(by, filters, "csv", query="", now=now)
    exporting.run(job.pk, clock=timezone.now)
    return StreamJob.objects.get(pk=job.pk)


def planned(brand: Brand, incident: Incident, karen: User) -> dict[str, int]:
    """A crisis plan with a version that an incident runs on, a newer one, and a draft."""
    now = timezone.now()
    made = plans.create_plan(brand, plans.Wanted(PlanKind.PRODUCT_SAFETY, "da"), by=karen, now=now)
    first = plans.publish(made.pk, by=karen, now=now)
    adopt(incident.pk, first.pk, by=karen, now=now)
    for about in ("Når nogen kan komme til skade.", "Når et produkt kan skade."):
        content = made.versions.order_by("-number")[0].content
        plans.save_section(
            made.pk, "severity", {"about": about, "matrix": content["matrix"]},
            base=plans.digest(content, "severity"), by=karen, now=now,
        )  # fmt: skip
        if made.versions.count() == 2:
            plans.publish(made.pk, note="Efter øvelsen", by=karen, now=now)
    return {f"incidents:plan_{page}": made.pk for page in ("edit", "history")}


def told(brand: Brand, person: User) -> dict[str, int]:
    """How the person is told: two addresses, one unconfirmed, an order, a failing service."""
    there = {"to": "ntfys://ntfy.sh/emne"}
    device = reach(person, "ntfy", there, "ntfys:ntfy.sh", label="Telefon")
    fresh = reach(person, "other", {"to": "x"}, "gotify:x", label="Ur", verified_at=None)
    steps = [{"way": "push", "after": 0}, {"way": "address", "address": device.pk, "after": 120}]
    rule = Rule.objects.create(user=person, urgency="PAGE", steps=steps)
    ChannelFactory.create(brand=brand, name="Kriserum")
    now = timezone.now()
    Provider.objects.create(name="ntfys:ntfy.sh", health="DOWN", failures=3, since=now, error="503")
    return {"notifications:address_code": fresh.pk, "notifications:rule": rule.pk}


def answer_link(person: User, incident: Incident) -> str:
    """The secret of a signed link by which the person may acknowledge."""
    expires = timezone.now() + timedelta(hours=1)
    url = signed_action(person, "acknowledge", f"incident.{incident.pk}", expires)
    return url.rstrip("/").rpartition("/")[2]


def told_and_kept(incident: Incident, by: User, taker: User) -> str:
    """A file, an update with a correction, a hand-over note; return the update's secret address."""
    now, picture = timezone.now(), BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    picture.seek(0)
    note = "Den løse kæde"
    evidence.add_file(incident.pk, picture, name="kæde.png", note=note, by=by, now=now)
    briefs.subscribe(incident.pk, user=taker, by=by, now=now)
    briefs.subscribe(incident.pk, email="formand@example.org", language="da", by=by, now=now)
    brief = briefs.send_brief(incident.pk, "Fabrikken er standset", by=by, now=now)
    briefs.correct_brief(brief.pk, "Fabrikken er lukket", version=1, by=by, now=now)
    handover.hand_over(incident.pk, taker=taker, text="Pas på kæden", by=by, now=now)
    return BriefReceipt.objects.first().token


def followed(incident: Incident, boss: User, writer: User) -> StatementSubscriber:
    """A statement page with a draft on its way, and somebody who was asked."""
    now = timezone.now()
    wanted = statements.Wanted(("da", "en"), "kontakt@example.org", "presse@example.org")
    statements.open_site(incident.brand, wanted, by=boss, now=now)
    statement = statements.prepare(incident.pk, slug="plastik", by=writer, now=now)
    terms = statements.Terms(next_update_at=now + timedelta(hours=2))
    statements.write(
        statement.pk, title="Første ord", text="Vi beklager.", terms=terms, by=writer, now=now
    )
    return StatementSubscriber.objects.create(
        statement=statement, email="læser@example.org", language="da", nonce="x", asked_at=now
    )


def marketed(brand: Brand, account: ConnectedAccount, by: User) -> dict[str, int]:
    """A marketing calendar under a pause: a post that is held, one of another tool, a feed."""
    now = timezone.now()
    soon = now + timedelta(hours=3)
    own = marketing.Planned("Vi brænder for god kaffe", soon, account.pk, country="Danmark")
    held = marketing.plan(brand, own, by=by, now=now)
    marketing.plan(
        brand, marketing.Planned("Forårsbrevet", soon, kind="NEWSLETTER"), by=by, now=now
    )
    fields = {"name": "Planlægger", "entry_kind": "POST", "network": "", "country": ""}
    feed, _secret = feeding.add_feed(brand, "WEBHOOK", fields, by=by, now=now)
    pause = marketing.press(brand, marketing.Terms("Plastik i kaffen"), by=by, now=now)
    return {
        "marketing:post": held.pk, "marketing:pause": pause.pk, "marketing:feed_remove": feed.pk,
    }  # fmt: skip


def to_approve(
    incident: Incident, account: ConnectedAccount, karen: User, bob: User
) -> tuple[int, str]:
    """A policy with all that it can have, and a draft that waits for an outsider's word by it.

    Return the policy's id and the end of the link's address.
    """
    now, brand = timezone.now(), incident.brand
    lawyer = UserFactory.create(email="lone@example.org", name="Lone Lov")
    MembershipFactory.create(user=lawyer, brand=brand, role=Role.APPROVER)
    steps = [
        {"name": "Jura", "people": [lawyer.pk], "wait": 600, "deputies": [karen.pk]},
        {"name": "Ledelsen", "crew": ["SPONSOR"], "roles": ["LEAD"], "mode": "ALL", "beside": True},
    ]
    only = {"severity": 4, "networks": ["bluesky"], "risks": ["LEGAL"]}
    policy = responses.save_policy(brand, Wanted("Følsomt", steps, only=only, lasts=3600), by=karen)
    draft = responses.create_draft(
        incident.pk, title="Om erstatning", text="Vi har ansvaret.", by=bob,
        account_ids=[account.pk], now=now,
    )  # fmt: skip
    shown = AccountFactory.create(brand=brand, network="bluesky", name="@fjord.example")
    responses.set_accounts(draft.pk, account_ids=[shown.pk], by=bob, now=now)
    responses.edit_draft(
        draft.pk, text="Vi har ansvaret.", base_version=1, by=bob, now=now,
        images=[(pictured(draft, bob), "En rød dåse på en disk")],
    )  # fmt: skip
    responses.submit(draft.pk, by=bob, now=now)
    who = Outsider("Karl Kaas", organisation="Kaas Advokater")
    asked = responses.ask_outside(draft.pk, who, by=User.objects.get(pk=lawyer.pk), now=now)
    return policy.pk, outside.address(asked).rstrip("/").rpartition("/")[2]


def pictured(draft: Draft, by: User) -> str:
    """An image that is kept with a draft; return its digest, which is the same for each."""
    out = BytesIO()
    Image.new("RGB", (60, 40), "red").save(out, "PNG")
    kept = responses.keep_image(draft.pk, out.getvalue(), by=by, now=timezone.now())
    return str(kept.sha256)


def spoken_for(brand: Brand, karen: User, bob: User) -> str:
    """A communication plan with something in each part; return its message map's key."""
    now = timezone.now()
    said = {"question": "Er det farligt?", "language": "da", "key": "farligt"}
    messages = [{"text": "Vi beklager. " * 16, "facts": ["Parti 7"]}]
    voice = {
        "tone": "Roligt",
        "values": ["Ærlig"],
        "do": ["Sig undskyld"],
        "dont": ["Bagatellis\u00e9r"],
    }
    stands = {"user": karen.pk, "deputies": [bob.pk], "kinds": ["product_safety"]}
    parts: dict[str, Any] = {
        "maps": [{**said, "messages": messages}],
        "speakers": [stands],
        "channels": [{"name": "Pressen", "owner": bob.pk, "note": "Ring"}],
        "voice": {"da": voice},
        "order": [{"audience": "STAFF", "how": "Intranet"}, {"audience": "PUBLIC"}],
    }
    for section, value in parts.items():
        base = reading.digest(reading.content_of(brand.pk), section)
        writing = keeping.Writing(section, value, base, "Efter øvelsen")
        keeping.save_section(brand, writing, by=karen, now=now)
    day = now.date() + timedelta(days=30)
    keeping.set_review(brand, owner=karen, review_on=day, by=karen, now=now)
    return "farligt"


def suggested(draft: Draft, by: User, boss: User) -> int:
    """A language model that was asked, and has answered."""
    brand, now = draft.incident.brand, timezone.now()
    assistant.configure(
        brand, assistant.Wanted("https://llm.example.org/v1", "lille", is_on=True), by=boss
    )
    made = assistant.ask(draft.pk, "KINDER", by=by, now=now)
    Suggestion.objects.filter(pk=made.pk).update(state="READY", text="Vi er kede af det.")
    return made.pk


def advised(incident: Incident, by: User) -> None:
    """The strategy advisor asked twice, and a decision that is not what it proposes."""
    now = timezone.now()
    given = {"kind": "technical_product", "true": "yes", "harm": "yes", "public": "no"}
    answer(incident.pk, given, base=0, by=by, now=now)
    answer(incident.pk, given | {"warned": "yes", "reputation": "positive"}, base=1, by=by, now=now)
    # What is decided stands in the words of whoever decides.
    with translation.override("da"):
        decide(incident.pk, "diminish", base=2, reason="Prøverne mangler", by=by, now=now)


def prepared(brand: Brand, boss: User, incident: Incident, by: User) -> int:
    """A holding statement that was approved beforehand, and a draft from it; return its id."""
    now = timezone.now()
    words = "Kl. {today} ved vi, at der er problemer i {sted}."
    wanted = templates.Prepared(
        "Første ord", words, "da", is_holding=True, expires_at=now + timedelta(days=30),
        void_if=["Er nogen kommet til skade?"],
    )  # fmt: skip
    made = templates.save_template(brand, wanted, by=boss, now=now)
    able = UserFactory.create(email="gudrun@example.org", name="Gudrun Gade")
    MembershipFactory.create(user=able, brand=brand, role=Role.APPROVER)
    sha256 = made.versions.get().sha256
    judge = User.objects.get(pk=able.pk)
    templates.approve_template(made, sha256=sha256, by=judge, now=now)
    filled = using.Filled(sha256, {"sted": "havnen"}, [False])
    using.use_template(incident, made, filled, by=by, now=now)
    return made.pk


def engaged(incident: Incident, karen: User, bob: User) -> dict[str, int]:
    """Somebody who asks, a concern, and one answer on its way to all who ask: their addresses."""
    now, text = timezone.now(), "Hej {name}, parti 7 er hos laboratoriet."
    intake.take_in(now=now)
    # As if it had been said where the brand's account is.
    incident.conversations.update(network="simulator")
    row = incident.conversations.get()
    stock.save_canned(incident.brand, title="Parti 7", text=text, language="da", by=karen, now=now)
    concern = concerns.add_concern(
        incident.pk, "Er parti 7 farligt?", by=bob, now=now, owner=karen, conversations=[row.pk]
    )
    with translation.override("da"):
        draft = concerns.write_for(concern.pk, RunKind.ANSWER, text=text, by=bob, now=now)
    responses.submit(draft.pk, by=bob, now=now)
    sha256 = Version.objects.get(draft=draft).sha256
    responses.approve(draft.pk, by=karen, sha256=sha256, now=now)
    run = start_run(concern.pk, RunKind.ANSWER, digest=sha256, by=bob, now=now)
    return {"conversation": row.pk, "concern": concern.number, "run": run.pk}


def library() -> str:
    """A ready-made case: its name in the address."""
    shipped.load(now=timezone.now(), paths=[shipped.FOLDER / "tesco-hay.yaml"])
    return "tesco-hay"


@pytest.fixture(name="filled")
def filled_fixture(
    incident: Incident, account: ConnectedAccount, brand: Brand, bob: User, karen: User
) -> dict[str, Any]:
    """Everything a page can be about, as the parts of its address."""
    now = timezone.now()
    draft = responses.create_draft(
        incident.pk, title="Udmelding om kanariefuglen", text="Vi undersøger sagen.",
        by=bob, account_ids=[account.pk], now=now,
    )  # fmt: skip
    responses.submit(draft.pk, by=bob, now=now)
    avoiding = Avoiding("kunde*", "da", "gæst", "Vi har gæster")
    word = avoid(brand, avoiding, by=karen)
    sha256 = Version.objects.get(draft=draft, number=draft.version).sha256
    responses.approve(draft.pk, by=karen, sha256=sha256, now=now)
    said = responses.add_comment(draft.pk, text="Passer tallet?", by=karen, now=now)
    responses.keep_unsaved(draft, text="Vi ved mere nu.", base_version=1, by=karen, now=now)
    # Titles are offered in the language of whoever begins.
    with translation.override("da"):
        responses.start_translation(draft.pk, by=bob, now=now)
    advised(incident, bob)
    people = engaged(incident, karen, bob)
    approving, link = to_approve(incident, account, karen, bob)
    source = brand.sources.get()
    upload = FileImport.objects.create(
        source=source, uploaded_by=karen, filename="omtaler.csv", state=ImportState.DONE,
        accepted=3, refused=1, refusals=[{"row": 2, "field": "", "why": "empty_text"}],
    )  # fmt: skip
    query = listened(brand)
    holding = prepared(brand, karen, incident, bob)
    issue_token(karen, name="rapport")
    follower = followed(incident, karen, bob)
    job = exported(karen)
    save_search("Vrede", "emotion=anger", by=karen, brand_id=brand.pk, now=now)
    InvitationFactory.create(brand=brand)
    image = pictured(draft, bob)
    return {
        "slug": brand.slug, "brand": brand.slug, "network": "simulator", "task": 0,
        "form": "html", "word": word.pk, "thread": said.pk, "fact": 1, "promise": 1, "found": 0,
        "kind": DetectionKind.VOLUME.value,
        "reference": incident.reference, "number": draft.number, "secret": "gættet",
        "image": image, "name": f"{image}.png",
        "key": spoken_for(brand, karen, bob), "template": holding,
        "wall": walled(incident, karen)[1],
        "token": answer_link(karen, incident), "service": "ntfy", "link": link,
        "receipt": told_and_kept(incident, bob, karen),
        "site": brand.slug,
        **people,
        "consent": confirm_url(follower).rstrip("/").rpartition("/")[2],
        "farewell": leave_url(follower).rstrip("/").rpartition("/")[2],
        "case": library(),
        "pk": {
            "responses:statement_template": holding,
            "responses:statement_template_approve": holding,
            "responses:statement_template_retire": holding,
            "monitoring:import": upload.pk, "monitoring:import_progress": upload.pk,
            "monitoring:mention": Mention.objects.get().pk,
            "monitoring:correct": Mention.objects.get().pk,
            "incidents:mention": Mention.objects.get().pk,
            "monitoring:around": Mention.objects.get().pk,
            "monitoring:chart": Mention.objects.get().pk,
            "monitoring:job": job.pk,
            "monitoring:download": job.pk,
            "monitoring:query": query.pk,
            "monitoring:query_delete": query.pk,
            **told(brand, karen),
            "incidents:wall_close": walled(incident, karen)[0],
            **signalled(brand, Mention.objects.get(), karen),
            "accounts:member_remove": bob.pk,
            **{f"connectors:account{page}": account.pk for page in ACCOUNT_PAGES},
            **on_duty(brand, karen, bob),
            **planned(brand, incident, karen),
            **marketed(brand, account, karen),
            **{f"incidents:policy{page}": brand.policies.get().pk for page in ("", "_versions")},
            "incidents:drill": drilled(brand, karen),
            "reviews:settle_follow_up": FollowUp.objects.get().pk,
            "responses:approval_policy": approving,
            "responses:suggestion": suggested(draft, bob, karen),
        },
    }  # fmt: skip
