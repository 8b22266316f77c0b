"""Images on pages and over the API: attached, described, put in order, seen by approvers."""

import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from incidents.models import Incident
from responses import outside, services
from responses.enums import DraftState
from responses.models import Draft, Version
from responses.models_media import DraftImage
from responses.services.links import Outsider

from .conftest import sha
from .test_media import attach, picture, posting, put, version

__all__ = ["posting"]
pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def here(draft: Draft, end: str = "") -> str:
    return f"/i/{draft.incident.reference}/drafts/{draft.number}/{end}"


def save(client: Client, draft: Draft, **fields: object) -> HttpResponse:
    """Save the composer's form as a browser sends it."""
    latest = version(draft)
    return client.post(
        here(draft),
        {
            "title": draft.title,
            "text": latest.written,
            "accounts": [account.pk for account in draft.accounts.all()],
            "base": latest.number,
            "images": "1",
            "image": [image.sha256 for image in latest.images],
            **fields,
        },
    )


def upload(data: bytes, name: str = "can.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "image/jpeg")


def test_an_image_is_attached_then_described_without_scripts(
    posting: Draft, signed_in: SignIn, bob: User
) -> None:
    client = signed_in(bob)
    assert save(client, posting, new_image=upload(picture())).status_code == 302
    [image] = version(posting).images
    assert image.alt == ""

    page = client.get(here(posting)).content.decode()
    label = re.search(r'<label class="form-label" for="(alt-\w+)">Alt text of image 1', page)
    assert f'id="{label[1]}"' in page

    described = {f"alt_{image.sha256}": "A red <can>"}
    assert save(client, posting, **described).status_code == 302
    assert [each.alt for each in version(posting).images] == ["A red <can>"]
    page = client.get(here(posting)).content.decode()
    assert "A red &lt;can&gt;" in page
    assert "A red <can>" not in page


def test_images_are_put_in_order_and_taken_out(
    posting: Draft, signed_in: SignIn, bob: User
) -> None:
    shown = [(picture(colour=colour), colour) for colour in ("red", "green", "blue")]
    draft = attach(posting, *shown)
    red, green, blue = version(draft).images
    alts = {f"alt_{each.sha256}": each.alt for each in (red, green, blue)}

    moved = {f"place_{blue.sha256}": "1", f"drop_{green.sha256}": "1"}
    save(signed_in(bob), draft, **alts, **moved)

    assert [each.alt for each in version(draft).images] == ["blue", "red"]


def test_a_refused_file_loses_neither_words_nor_the_good_image(
    posting: Draft, signed_in: SignIn, bob: User
) -> None:
    files = [upload(picture()), upload(b"<svg/>", "logo.svg")]

    answer = save(signed_in(bob), posting, text="Long thought over.", new_image=files)

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "logo.svg: This is no image that can be read" in page
    assert "Long thought over." in page
    kept = DraftImage.objects.get()
    assert f'name="image" value="{kept.sha256}"' in page
    assert version(posting).media == ""


def test_asking_for_approval_without_alt_text_keeps_everything_and_says_what_to_do(
    posting: Draft, signed_in: SignIn, bob: User
) -> None:
    client = signed_in(bob)

    answer = save(client, posting, text="New words.", new_image=upload(picture()), submit="1")

    page = client.get(answer["Location"]).content.decode()
    assert "Image 1 has no alt text. Say what is to be seen on it." in page
    latest = version(posting)
    assert (latest.text, len(latest.images)) == ("New words.", 1)
    assert Draft.objects.get().state == DraftState.WRITING


def test_who_saves_on_an_older_version_does_not_set_others_images_back(
    posting: Draft, signed_in: SignIn, bob: User
) -> None:
    before = version(posting)
    attach(posting, (picture(), "Theirs"))

    untouched = save(
        signed_in(bob), posting, base=before.number, image=[], was_title=posting.title,
        was_accounts="", text=before.text + " More.",
    )  # fmt: skip
    assert untouched.status_code == 302
    assert [each.alt for each in version(posting).images] == ["Theirs"]
    assert version(posting).text.endswith("More.")

    both = save(
        signed_in(bob), posting, base=before.number, image=[], was_title=posting.title,
        was_accounts="", new_image=upload(picture(colour="blue")),
    )  # fmt: skip
    assert both.status_code == 409
    assert "Somebody else changed the images too" in both.content.decode()
    assert [each.alt for each in version(posting).images] == ["Theirs"]


def test_the_preview_follows_what_is_typed_and_says_where_images_cannot_go(
    posting: Draft, account: object, signed_in: SignIn, bob: User
) -> None:
    draft = attach(posting, (picture(), "Saved"))
    image = version(draft).images[0]
    every = [each.pk for each in (*draft.accounts.all(), account)]
    typed = {"images": "1", "image": image.sha256, f"alt_{image.sha256}": "Typed just now"}

    for_both = {"text": "Hello.", "accounts": every, **typed}
    page = signed_in(bob).post(here(draft, "preview/"), for_both).content.decode()
    check = signed_in(bob).post(here(draft, "check/"), for_both).content.decode()

    assert 'alt="Typed just now"' in page
    assert page.count("Images cannot go out through this account") == 1
    assert "Images cannot go out through @fjordkaffe." in check
    assert "no alt text" not in check
    bare = {**for_both, f"alt_{image.sha256}": " "}
    assert "Image 1 has no alt text" in signed_in(bob).post(
        here(draft, "check/"), bare
    ).content.decode()  # fmt: skip


def test_an_image_is_seen_by_the_brands_people_and_is_404_for_others(
    posting: Draft, signed_in: SignIn, alice: User, bob: User, charlie: User
) -> None:
    draft = attach(posting, (picture(), "A red can"))
    kept = DraftImage.objects.get()
    places = [
        here(draft, f"images/{kept.sha256}/"),
        f"/api/v1/drafts/{draft.pk}/images/{kept.sha256}/",
    ]

    for place in places:
        answer = signed_in(alice).get(place)
        assert (answer.status_code, answer.content) == (200, bytes(kept.data))
        assert answer["Content-Type"] == "image/jpeg"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert signed_in(charlie).get(place).status_code == 404
        assert signed_in(alice).get(place.replace(kept.sha256, "0" * 64)).status_code == 404


def test_the_approver_sees_image_alt_text_and_what_changed(
    posting: Draft, signed_in: SignIn, alice: User, bob: User
) -> None:
    draft = attach(posting, (picture(), "A red can"))
    services.submit(draft.pk, by=bob, now=timezone.now())
    address = here(draft, f"images/{version(draft).images[0].sha256}/")

    page = f"/approvals/{draft.incident.reference}/{draft.number}/"
    final = signed_in(alice).get(f"{page}?view=final").content.decode()
    changed = signed_in(alice).get(f"{page}?view=changes").content.decode()

    assert address in final
    assert "A red can" in final
    assert "<ins>A red can</ins>" in changed
    assert ">added</span>" in changed


def test_the_outsider_sees_the_image_by_the_link_alone_and_while_it_is_asked_about(
    posting: Draft, client: Client, alice: User, bob: User
) -> None:
    draft = attach(posting, (picture(), "A red can"))
    now = timezone.now()
    services.submit(draft.pk, by=bob, now=now)
    link = services.ask_outside(draft.pk, Outsider("Karl Counsel"), by=alice, now=now)
    place = "/" + outside.address(link).split("/", 3)[3]

    page = client.get(place).content.decode()
    [source] = re.findall(r'<img src="([^"]+/images/\w+/)"', page)
    assert "A red can" in page
    assert client.get(source).content == bytes(DraftImage.objects.get().data)

    other = services.keep_image(draft.pk, picture(colour="blue"), by=bob, now=now)
    unasked = source.replace(DraftImage.objects.first().sha256, other.sha256)
    assert client.get(unasked).status_code == 404
    services.revoke_link(link.pk, by=alice, now=now)
    assert client.get(source).status_code == 404


def test_images_over_the_api(posting: Draft, signed_in: SignIn, alice: User, bob: User) -> None:
    place = f"/api/v1/drafts/{posting.pk}/"
    first = signed_in(bob).post(
        f"{place}images/",
        {"file": upload(picture()), "alt": "A red can", "base_version": posting.version},
    )
    assert first.status_code == 201
    [image] = first.json()["images"]
    assert (image["alt"], image["width"], image["media_type"]) == ("A red can", 60, "image/jpeg")
    second = signed_in(bob).post(
        f"{place}images/",
        {"file": upload(picture(colour="blue")), "base_version": first.json()["version"]},
    )
    blue = second.json()["images"][1]["sha256"]
    again = signed_in(bob).post(
        f"{place}images/", {"file": upload(picture()), "base_version": posting.version}
    )
    assert again.status_code == 409
    refused = signed_in(bob).post(
        f"{place}images/",
        {"file": upload(b"no image"), "base_version": second.json()["version"]},
    )
    assert refused.status_code in {400, 422}

    ordered = signed_in(bob).patch(
        place,
        {
            "base_version": second.json()["version"],
            "images": [{"sha256": blue, "alt": "Blue"}, {"sha256": image["sha256"], "alt": "Red"}],
        },
        content_type="application/json",
    )
    assert [each["alt"] for each in ordered.json()["images"]] == ["Blue", "Red"]
    assert ordered.json()["text"] == first.json()["text"]
    foreign = signed_in(bob).patch(
        place,
        {"base_version": ordered.json()["version"], "images": [{"sha256": "0" * 64}]},
        content_type="application/json",
    )
    assert foreign.status_code in {400, 409, 422}

    services.submit(posting.pk, by=bob, now=timezone.now())
    stale = signed_in(alice).post(
        f"{place}approve/", {"sha256": first.json()["sha256"]}, content_type="application/json"
    )
    assert stale.status_code == 409
    done = signed_in(alice).post(
        f"{place}approve/", {"sha256": sha(Draft.objects.get())}, content_type="application/json"
    )
    assert done.json()["state"] == "APPROVED"


def test_a_page_with_images_costs_as_many_queries_as_one_without(
    posting: Draft, signed_in: SignIn, bob: User
) -> None:
    client = signed_in(bob)
    put(posting, [])
    attach(posting, *[(picture(colour=colour), colour) for colour in ("red", "green", "blue")])
    client.get(here(posting))
    with CaptureQueriesContext(connection) as shown:
        client.get(here(posting))
    put(posting, [])
    Version.objects.filter(draft=posting).exclude(media="").delete()
    with CaptureQueriesContext(connection) as bare:
        client.get(here(posting))

    assert len(shown) <= len(bare)


def test_an_incident_of_another_brand_shows_no_draft(
    posting: Draft, incident: Incident, signed_in: SignIn, charlie: User
) -> None:
    answer = signed_in(charlie).post(
        f"/api/v1/drafts/{posting.pk}/images/", {"file": upload(picture()), "base_version": 1}
    )
    assert answer.status_code == 404
    assert not DraftImage.objects.exists()
