"""The inbox, the board and the library over the API."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from connectors.models import ConnectedAccount
from incidents.models import Incident
from responses.answers import answer_due
from responses.enums import Act, PublicationState
from responses.models import Draft
from responses.models_engage import Answer, CannedAnswer, Conversation

from .engaging import asked
from .test_answers import approve

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = timezone.now


def test_the_inbox_over_the_api(
    incident: Incident, alice: User, bob: User, olga: User, charlie: User, signed_in: SignIn
):
    row = asked(incident, now=NOW(), author="ida", text="Is it safe?")
    path = f"/api/v1/incidents/{incident.reference}/conversations/"
    page = signed_in(bob).get(path).json()
    assert [each["text"] for each in page["results"]] == ["Is it safe?"]
    assert page["counts"]["OPEN"] == page["figures"]["asked"] == 1
    assert signed_in(charlie).get(path).status_code == 404

    def post(user: User, address: str, **data: object) -> object:
        return signed_in(user).post(address, data, content_type="application/json")

    assert post(bob, f"{path}{row.pk}/claim/").status_code == 200
    taken = post(alice, f"{path}{row.pk}/claim/")
    assert (taken.status_code, "Bob Berg" in taken.text) == (409, True)
    assert post(olga, f"{path}{row.pk}/claim/").status_code == 403
    assert signed_in(bob).delete(f"{path}{row.pk}/claim/").status_code == 204
    ids = [row.pk]
    given = post(bob, path, do="assign", conversations=ids, to=alice.email)
    assert given.json() == {"done": 1, "left": 0}
    assert Conversation.objects.get().assignee == alice
    left = post(bob, path, do="move", conversations=ids, state="IGNORED")
    assert left.status_code in (400, 409, 422)
    left = post(bob, path, do="move", conversations=ids, state="IGNORED", reason="Troll")
    assert left.json()["done"] == 1
    found = signed_in(bob).get(path, {"state": "IGNORED"}).json()["results"]
    assert [each["reason"] for each in found] == ["Troll"]


def test_answering_all_over_the_api(
    incident: Incident, account: ConnectedAccount, alice: User, bob: User, signed_in: SignIn
):
    row = asked(incident, now=NOW(), author="ida", text="Is it safe?")
    base, client = f"/api/v1/incidents/{incident.reference}/", signed_in(bob)

    def post(address: str, **data: object) -> object:
        return client.post(base + address, data, content_type="application/json")

    made = post("concerns/", question="Is it safe?", conversations=[row.pk], owner=bob.email)
    assert (made.status_code, made.json()["asked"]) == (201, 1)
    written = post("concerns/1/text/", kind="ANSWER", text="Hi {name}, it is.")
    assert written.json()["answer"]["ready"] is False
    version = approve(Draft.objects.get(act=Act.ANSWER), alice, bob)
    one = client.get(f"{base}conversations/{row.pk}/").json()
    assert [each["text"] for each in one["offers"]] == ["Hi ida, it is."]
    sent = post("concerns/1/runs/", kind="ANSWER", sha256=version.sha256)
    assert sent.status_code == 201
    run = sent.json()["runs"][0]
    assert (run["total"], run["left"]) == (1, 1)
    answer_due()
    assert Answer.objects.get().state == PublicationState.SENT
    assert post(f"answer-runs/{run['id']}/halt/").status_code == 200
    assert client.get(f"{base}concerns/").json()[0]["share"] == 1.0
    said = client.get(f"{base}conversations/{row.pk}/").json()
    assert [each["text"] for each in said["answers"]] == ["Hi ida, it is."]
    settle = f"conversations/{row.pk}/answers/{said['answers'][0]['id']}/settle/"
    assert post(settle, became="sent").status_code == 409


def test_a_brands_times_and_stock_over_the_api(
    brand: Brand, bob: User, charlie: User, signed_in: SignIn
):
    times, stock = (
        f"/api/v1/brands/{brand.slug}/{name}/" for name in ("answer-times", "canned-answers")
    )
    client = signed_in(bob)
    wanted = {"times": {"1": [5, 10]}, "networks": {}, "paces": {"x": 20}}
    assert client.put(times, wanted, content_type="application/json").status_code == 403
    Membership.objects.filter(user=bob).update(role=Role.ADMINISTRATOR)
    client = signed_in(User.objects.get(pk=bob.pk))
    assert client.put(times, wanted, content_type="application/json").json()["paces"] == {"x": 20}
    answer = {"title": "Hello", "language": "da", "text": "Hej {name}"}
    made = client.post(stock, answer, content_type="application/json")
    assert (made.status_code, made.json()["is_approved"]) == (201, False)
    one = f"{stock}{made.json()['id']}/"
    assert signed_in(charlie).get(stock).status_code == 404
    assert (
        client.put(one, answer | {"text": "Hej"}, content_type="application/json").json()["text"]
        == "Hej"
    )
    nothing = client.post(f"{one}approve/", {"version": 99}, content_type="application/json")
    assert nothing.status_code == 404
    assert client.delete(one).status_code == 204
    assert not CannedAnswer.objects.exists()
