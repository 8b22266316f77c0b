"""The pages and the API: what they show, what they let do, and whom they let in."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Brand, User
from connectors.models import ConnectedAccount
from incidents.models import Incident
from marketing import services
from marketing.enums import PostState
from marketing.models import Pause, ScheduledPost

from .conftest import later

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def test_every_view_of_the_calendar_shows_what_is_planned(
    ahead: ScheduledPost, alice: User, signed_in: SignIn
):
    client = signed_in(alice)
    day = f"{ahead.at:%Y-%m-%d}"
    for view in ("week", "month", "list"):
        page = client.get(reverse("marketing:calendar"), {"view": view, "day": day})
        assert ahead.text[:20] in page.content.decode()


def test_an_empty_calendar_says_so(alice: User, signed_in: SignIn):
    page = signed_in(alice).get(reverse("marketing:calendar"))
    assert "Nothing is planned in these days" in page.content.decode()


def test_a_post_is_planned_changed_and_dropped_on_the_page(
    brand: Brand, account: ConnectedAccount, bob: User, signed_in: SignIn
):
    client = signed_in(bob)
    fields = {"account": account.pk, "text": "Kage på fredag", "at": "2030-06-01T10:00",
              "kind": "POST"}  # fmt: skip
    refused = client.post(reverse("marketing:post_new"), fields)
    assert "more than two years ahead" in refused.content.decode()
    at = timezone.localtime(later(600))

    client.post(reverse("marketing:post_new"), fields | {"at": f"{at:%Y-%m-%dT%H:%M}"})
    post = ScheduledPost.objects.get()
    changed = fields | {"text": "Kage på lørdag", "at": f"{at:%Y-%m-%dT%H:%M}"}
    client.post(reverse("marketing:post", args=[post.pk]), changed)
    post.refresh_from_db()
    assert (post.text, post.state) == ("Kage på lørdag", PostState.QUEUED)

    client.post(reverse("marketing:drop", args=[post.pk]))
    post.refresh_from_db()
    assert post.state == PostState.DROPPED


def test_the_pause_is_pressed_on_the_page_for_the_incident_and_shown_to_everyone(  # noqa: PLR0917
    ahead: ScheduledPost, incident: Incident, alice: User, olga: User, charlie: User, brand: Brand,
    signed_in: SignIn,
):  # fmt: skip
    client = signed_in(alice)
    page = client.get(reverse("marketing:pause_new"), {"incident": incident.reference})
    assert "1 planned post is held at once." in page.content.decode()
    fields = {"brands": [brand.pk], "incident": incident.reference, "reason": "Plastik", "gap": 30}

    answer = client.post(reverse("marketing:pause_new"), fields)

    pause = Pause.objects.get()
    assert answer.url == reverse("marketing:pause", args=[pause.pk])
    assert pause.incident == incident
    for user, sees in ((alice, True), (olga, True), (charlie, False)):
        banner = signed_in(user).get(reverse("marketing:banner")).content.decode()
        assert ("Fjordkaffe is paused" in banner) == sees
    for page in ("overview", "marketing:calendar"):
        assert reverse("marketing:banner") in client.get(reverse(page)).content.decode()


def test_the_gate_marks_keeps_and_ends(
    ahead: ScheduledPost, incident: Incident, alice: User, signed_in: SignIn, press
):
    ScheduledPost.objects.update(text="Vi brænder for god kaffe")
    pause = press(incident=incident)
    client = signed_in(alice)
    page = client.get(reverse("marketing:pause", args=[pause.pk])).content.decode()
    assert '<mark title="A figure of speech of fire and explosion.">brænder for</mark>' in page

    client.post(reverse("marketing:keep", args=[ahead.pk]), {f"p{ahead.pk}-text": "Vi laver kaffe"})
    client.post(reverse("marketing:pause_end", args=[pause.pk]))

    ahead.refresh_from_db()
    assert (ahead.state, ahead.text) == (PostState.QUEUED, "Vi laver kaffe")


def test_who_only_looks_sees_everything_and_may_do_nothing(
    ahead: ScheduledPost, olga: User, signed_in: SignIn, press
):
    pause = press()
    client = signed_in(olga)
    assert client.get(reverse("marketing:pause", args=[pause.pk])).status_code == 200
    assert client.post(reverse("marketing:pause_end", args=[pause.pk])).status_code == 403
    assert client.post(reverse("marketing:keep", args=[ahead.pk])).status_code == 403
    assert client.get(reverse("marketing:pause_new")).status_code == 404


def test_a_stranger_learns_of_nothing(
    ahead: ScheduledPost, charlie: User, signed_in: SignIn, press
):
    pause = press()
    client = signed_in(charlie)
    for name, pk in (("pause", pause.pk), ("post", ahead.pk)):
        assert client.get(reverse(f"marketing:{name}", args=[pk])).status_code == 404
    for path in (f"marketing/posts/{ahead.pk}/", f"marketing/pauses/{pause.pk}/"):
        assert client.get(f"/api/v1/{path}").status_code == 404
    assert client.get("/api/v1/marketing/posts/").json()["results"] == []


def test_a_private_incident_is_not_named_by_its_pause(
    incident: Incident, olga: User, alice: User, signed_in: SignIn, press
):
    pause = press("Because", incident=incident)
    Incident.objects.update(is_private=True)

    page = signed_in(olga).get(reverse("marketing:pause", args=[pause.pk])).content.decode()
    answer = signed_in(olga).get(f"/api/v1/marketing/pauses/{pause.pk}/").json()

    assert incident.reference not in page
    assert answer["incident"] is None


def test_the_api_plans_pauses_keeps_and_lets_go_on(
    brand: Brand, account: ConnectedAccount, alice: User, signed_in: SignIn
):
    client = signed_in(alice)

    def send(path: str, **data: object):
        url = f"/api/v1/marketing/{path}"
        return client.post(url, data, content_type="application/json")

    at = later(600).isoformat()
    made = send("posts/", brand=brand.slug, text="Killer deals", at=at, account=account.pk)
    assert (made.status_code, made.json()["state"]) == (201, "QUEUED")
    pk = made.json()["id"]
    paused = send("pauses/", brand=brand.slug, reason="Plastik")
    assert (paused.status_code, paused.json()["held"]) == (201, 1)
    assert send("pauses/", brand=brand.slug, reason="Again").status_code == 409
    pause = paused.json()["id"]
    [native, _ads] = client.get(f"/api/v1/marketing/pauses/{pause}/checklist/").json()
    ticked = send(f"pauses/{pause}/tick/", item=native["id"], done=True)
    assert ticked.json()["done_by"] == alice.email

    assert send(f"posts/{pk}/keep/").json()["is_kept"] is True
    assert send(f"pauses/{pause}/end/").json()["ended_by"] == alice.email

    assert client.get(f"/api/v1/marketing/posts/{pk}/").json()["state"] == "QUEUED"
    running = client.get("/api/v1/marketing/pauses/", {"running": "true"}).json()["results"]
    assert running == []


def test_the_war_room_tells_what_of_the_calendar_may_read_badly(
    ahead: ScheduledPost, incident: Incident, alice: User, signed_in: SignIn
):
    ScheduledPost.objects.update(text="Vi brænder for god kaffe")
    address = reverse("marketing:panel", args=[incident.reference])

    page = signed_in(alice).get(address).content.decode()

    assert "1 may read badly now." in page
    services.drop(ahead.pk, by=alice, now=timezone.now())
    assert "may read badly" not in signed_in(alice).get(address).content.decode()
