"""Images of a draft: taken in without what they carried, covered by the approval, sent with it."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from PIL import Image

from accounts.models import Brand, User
from connectors import credentials, registry
from connectors.outbox import STALE_AFTER
from core.errors import Refused
from incidents.models import Incident
from responses import placing, problems, redrawing, services, texts
from responses.enums import DraftState, PublicationState
from responses.models import Draft, Publication, Version
from responses.models_media import DraftImage
from responses.publishing import claim_due, publish_due
from tests.connectors.bluesky_server import PASSWORD, Bluesky, bluesky, refusal
from tests.factories.connectors import AccountFactory
from tests.factories.responses import DraftFactory

from .conftest import sha

pytestmark = pytest.mark.django_db


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (60, 30), colour: str = "red", **how: Any
) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **how)
    return out.getvalue()


def located() -> bytes:
    """A photo that says where and with what it was taken, turned on its side."""
    tags = Image.Exif()
    tags[0x0110] = "SecretPhone 7"
    tags[0x0112] = 6
    tags.get_ifd(0x8825)[2] = (55.0, 40.0, 12.0)
    tags.get_ifd(0x8825)[1] = "N"
    return picture(exif=tags, comment=b"taken at home", icc_profile=b"secret profile" * 9)


@pytest.fixture
def posting(draft: Draft, brand: Brand) -> Draft:
    """The draft, going out through Bluesky."""
    bluesky = AccountFactory.create(
        brand=brand, network="bluesky", name="@brand.example", config={"handle": "brand.example"}
    )
    services.set_accounts(draft.pk, account_ids=[bluesky.pk], by=draft.author, now=timezone.now())
    return Draft.objects.get(pk=draft.pk)


def attach(draft: Draft, *shown: tuple[bytes, str]) -> Draft:
    """Let the draft's latest version show these images with these alt texts."""
    now, by = timezone.now(), draft.author
    kept = [services.keep_image(draft.pk, data, by=by, now=now) for data, _alt in shown]
    images = [(row.sha256, alt) for row, (_data, alt) in zip(kept, shown, strict=True)]
    return put(draft, images)


def put(draft: Draft, images: list[tuple[str, str]]) -> Draft:
    latest = version(draft)
    return services.edit_draft(
        draft.pk,
        text=latest.written,
        base_version=latest.number,
        images=images,
        by=draft.author,
        now=timezone.now(),
    )


def version(draft: Draft) -> Version:
    return Version.objects.filter(draft=draft).first()


def refused_by(constraint: str, sql: str, *values: object) -> None:
    with (
        pytest.raises(IntegrityError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, values)
    assert caught.value.__cause__.diag.constraint_name == constraint


# Taking in


def test_what_a_photo_tells_of_itself_does_not_go_out() -> None:
    source = located()
    before = Image.open(BytesIO(source))
    assert before.getexif()[0x0110] == "SecretPhone 7"
    assert before.getexif().get_ifd(0x8825)[2] == (55.0, 40.0, 12.0)
    assert before.info["comment"] == b"taken at home"
    assert before.info["icc_profile"]

    drawn = redrawing.redraw(source)

    after = Image.open(BytesIO(drawn.data))
    assert not dict(after.getexif())
    assert not after.getexif().get_ifd(0x8825)
    assert not {"comment", "icc_profile", "exif"} & set(after.info)
    assert b"SecretPhone" not in drawn.data
    assert b"secret profile" not in drawn.data
    # Upright, as its tag said.
    assert (drawn.width, drawn.height) == after.size == (30, 60)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_each_kind_of_still_image_is_taken(kind: str) -> None:
    drawn = redrawing.redraw(picture(kind))

    assert drawn.media_type in {"image/jpeg", "image/png"}
    assert Image.open(BytesIO(drawn.data)).size == (drawn.width, drawn.height) == (60, 30)


def test_a_large_image_becomes_small_enough_for_every_network() -> None:
    noise = Image.effect_noise((2600, 2400), 90)
    out = BytesIO()
    noise.save(out, "PNG")
    assert len(out.getvalue()) > redrawing.MOST_BYTES

    drawn = redrawing.redraw(out.getvalue())

    assert len(drawn.data) <= redrawing.MOST_BYTES
    assert max(drawn.width, drawn.height) <= redrawing.LONGEST_SIDE
    assert Image.open(BytesIO(drawn.data)).size == (drawn.width, drawn.height)


def test_a_see_through_image_stays_so() -> None:
    out = BytesIO()
    Image.new("RGBA", (20, 20), (255, 0, 0, 100)).save(out, "PNG")

    drawn = redrawing.redraw(out.getvalue())

    assert Image.open(BytesIO(drawn.data)).getpixel((3, 3)) == (255, 0, 0, 100)


def moving() -> bytes:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def bomb() -> bytes:
    """A small file of very many pixels."""
    out = BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "no image that can be read"),
        (picture()[:300], "no image that can be read"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 400, "no image that can be read"),
        (picture("TIFF"), "no image that can be read"),
        (moving(), "Moving images"),
        (b"\xff" * (redrawing.MOST_UPLOADED + 1), "at most"),
    ],
)
def test_what_is_no_still_image_is_refused_in_words(source: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        redrawing.redraw(source)


def test_a_bomb_of_pixels_is_not_unpacked() -> None:
    source = bomb()
    assert len(source) < 100_000

    with pytest.raises(Refused, match=r"pixels|no image"):
        redrawing.redraw(source)


# The version


def test_the_digest_covers_images_and_alt_texts(posting: Draft) -> None:
    bare = version(posting)
    assert bare.sha256 == texts.sha256(bare.text)

    shown = attach(posting, (picture(), "A red can"))
    first = version(shown)
    said = version(put(shown, [(first.images[0].sha256, "A can, red")]))

    assert first.number == bare.number + 1
    assert said.number == bare.number + 2
    assert first.text == bare.text == said.text
    assert len({bare.sha256, first.sha256, said.sha256}) == 3
    assert first.sha256 == hashlib.sha256(f"{first.text}\0{first.media}".encode()).hexdigest()


def test_the_same_images_again_make_no_version(posting: Draft) -> None:
    shown = attach(posting, (picture(), "A red can"))

    again = attach(shown, (picture(), " A  red can "))

    assert again.version == shown.version
    assert DraftImage.objects.count() == 1


def test_a_new_text_keeps_the_images_and_none_takes_them_away(posting: Draft) -> None:
    shown = attach(posting, (picture(), "A red can"))

    written = services.edit_draft(
        shown.pk, text="Other.", base_version=shown.version, by=shown.author, now=timezone.now()
    )
    assert version(written).media == version(shown).media != ""

    assert version(put(written, [])).media == ""


def test_four_images_are_taken_and_a_fifth_is_not(posting: Draft) -> None:
    colours = ["red", "green", "blue", "white", "black"]
    shown = [(picture(colour=colour), f"A {colour} can") for colour in colours]
    full = attach(posting, *shown[:4])
    assert [image.alt for image in version(full).images] == [alt for _data, alt in shown[:4]]

    with pytest.raises(Refused, match="at most 4 images"):
        attach(full, *shown)
    assert version(full).number == full.version


def test_an_image_of_another_draft_is_refused_by_service_and_database(posting: Draft) -> None:
    other = DraftFactory.create()
    theirs = (
        services.keep_image(other.pk, picture(), by=posting.author, now=timezone.now())
        if (other.incident.brand_id == posting.incident.brand_id)
        else DraftImage.objects.create(
            draft=other,
            sha256=hashlib.sha256(b"x").hexdigest(),
            data=b"x",
            media_type="image/png",
            width=1,
            height=1,
            uploaded_at=timezone.now(),
        )
    )
    with pytest.raises(Refused, match="not of this draft"):
        put(posting, [(theirs.sha256, "Theirs")])

    media = placing.listed([placing.Placed(theirs.sha256, "Theirs", "image/png", 1, 1)])
    refused_by(
        "image_of_the_draft",
        "INSERT INTO responses_version (draft_id, number, text, cited, media, sha256, editor_id,"
        " created_at) VALUES (%s, 90, 'T', '', %s, %s, %s, now())",
        posting.pk,
        media,
        texts.digest("T", media),
        posting.author_id,
    )


def test_an_image_without_alt_text_is_not_submitted(posting: Draft) -> None:
    shown = attach(posting, (picture(), "A red can"), (picture(colour="blue"), " "))

    with pytest.raises(Refused, match="Image 2 has no alt text"):
        services.submit(shown.pk, by=shown.author, now=timezone.now())
    assert version(shown).images[1].alt == ""

    described = put(shown, [(each.sha256, "A can") for each in version(shown).images])
    assert services.submit(described.pk, by=shown.author, now=timezone.now()).submitted_at


def test_images_are_refused_where_the_network_carries_none(draft: Draft, alice: User) -> None:
    shown = attach(draft, (picture(), "A red can"))

    with pytest.raises(Refused, match="Images cannot go out through @fjordkaffe"):
        services.submit(shown.pk, by=shown.author, now=timezone.now())


# The approval


@pytest.fixture
def shown(posting: Draft, alice: User) -> Draft:
    """With an image, approved by alice."""
    draft = attach(posting, (picture(), "A red can"))
    now = timezone.now()
    services.submit(draft.pk, by=draft.author, now=now)
    return services.approve(draft.pk, by=alice, sha256=sha(draft), now=now)


def test_another_alt_text_after_the_approval_calls_it_back(shown: Draft) -> None:
    assert Publication.objects.get().state == PublicationState.QUEUED

    changed = put(shown, [(version(shown).images[0].sha256, "Another word")])

    assert changed.state == DraftState.WRITING
    assert Publication.objects.get().state == PublicationState.CANCELLED


def test_an_image_never_changes_in_the_database(shown: Draft) -> None:
    row = DraftImage.objects.get()
    other = picture(colour="black")

    refused_by("image_is_final", "UPDATE responses_draftimage SET data = %s", other)
    refused_by(
        "image_is_final",
        "UPDATE responses_draftimage SET data = %s, sha256 = %s",
        other,
        hashlib.sha256(other).hexdigest(),
    )
    refused_by(
        "version_is_final",
        "UPDATE responses_version SET media = %s WHERE media <> ''",
        version(shown).media.replace("red", "blue"),
    )
    row.refresh_from_db()
    assert hashlib.sha256(row.data).hexdigest() == row.sha256


def due(shown: Draft) -> Publication:
    Publication.objects.update(publish_at=timezone.now())
    return Publication.objects.get(version__draft=shown)


def test_the_outbox_takes_the_approved_images_along(shown: Draft) -> None:
    row = due(shown)

    [claim] = claim_due(now=timezone.now(), limit=5)

    assert claim.row_id == row.pk
    [image] = claim.message.images
    kept = DraftImage.objects.get()
    assert (image.data, image.alt) == (bytes(kept.data), "A red can")
    assert (image.width, image.height, image.media_type) == (60, 30, "image/jpeg")


def test_swapped_bytes_do_not_go_out_even_past_the_trigger(shown: Draft) -> None:
    """Somebody who may switch triggers off has put other bytes there."""
    row = due(shown)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE responses_draftimage DISABLE TRIGGER responses_image_guard")
        cursor.execute("UPDATE responses_draftimage SET data = %s", [picture(colour="black")])
        cursor.execute("ALTER TABLE responses_draftimage ENABLE TRIGGER responses_image_guard")

    assert claim_due(now=timezone.now(), limit=5) == []

    row.refresh_from_db()
    assert (row.state, row.error) == (PublicationState.CANCELLED, "approval_fell")


def test_an_image_that_is_gone_stops_the_post_in_the_database_too(shown: Draft) -> None:
    row = due(shown)
    DraftImage.objects.all().delete()

    refused_by(
        "approved_bytes_only",
        "UPDATE responses_publication SET state = 'SENDING' WHERE id = %s",
        row.pk,
    )
    assert claim_due(now=timezone.now(), limit=5) == []


def test_a_translation_begins_with_the_images(posting: Draft) -> None:
    draft = attach(posting, (picture(), "A red can"))

    other = services.start_translation(draft.pk, by=draft.author, now=timezone.now())

    assert version(other).media == version(draft).media
    assert other.images.get().sha256 == draft.images.get().sha256


def test_a_stranger_keeps_no_image(posting: Draft, incident: Incident, charlie: User) -> None:
    with pytest.raises(Refused):
        services.keep_image(posting.pk, picture(), by=charlie, now=timezone.now())
    assert not DraftImage.objects.exists()


# Out on a network


@pytest.fixture
def network(shown: Draft, settings: object) -> Iterator[Bluesky]:
    """The network that the approved draft is due on."""
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with bluesky() as served:
        account = due(shown).account
        account.config = {"handle": "brand.example", "service": served.peer.url}
        account.save(update_fields=["config"])
        credentials.store(account, {"app_password": PASSWORD})
        yield served


def shown_on(network: Bluesky) -> list[list[str]]:
    """The alt texts of each post that is out."""
    return [[each["alt"] for each in post["embed"]["images"]] for post in network.posts.values()]


def test_the_approved_image_goes_out_with_its_words(network: Bluesky) -> None:
    publish_due()

    assert Publication.objects.get().state == PublicationState.SENT
    assert shown_on(network) == [["A red can"]]
    assert list(network.blobs.values()) == [bytes(DraftImage.objects.get().data)]


def test_a_sender_that_dies_after_the_upload_publishes_once(network: Bluesky) -> None:
    [claim] = claim_due(now=timezone.now(), limit=1)
    registry.publisher(claim.account)._record(claim.message)
    assert (len(network.blobs), network.posts) == (1, {})

    stale = timezone.now() - STALE_AFTER - timedelta(seconds=1)
    Publication.objects.update(sending_since=stale)
    publish_due()
    again = Publication.objects.get()
    assert (again.state, network.posts) == (PublicationState.QUEUED, {})
    publish_due(now=again.publish_at)

    assert Publication.objects.get().state == PublicationState.SENT
    assert shown_on(network) == [["A red can"]]


def test_a_sender_that_dies_after_the_post_does_not_post_again(network: Bluesky) -> None:
    [claim] = claim_due(now=timezone.now(), limit=1)
    registry.publisher(claim.account).publish(claim.message)

    stale = timezone.now() - STALE_AFTER - timedelta(seconds=1)
    Publication.objects.update(sending_since=stale)
    publish_due()
    publish_due()

    assert Publication.objects.get().state == PublicationState.SENT
    assert shown_on(network) == [["A red can"]]


def test_an_upload_that_fails_for_a_while_is_repeated_and_an_unfit_image_is_told(
    network: Bluesky,
) -> None:
    network.faults = [refusal(502, "UpstreamFailure")]
    publish_due()
    waiting = Publication.objects.get()
    assert (waiting.state, network.posts) == (PublicationState.QUEUED, {})

    network.faults = [refusal(400, "BlobTooLarge", "This file is too large.")]
    publish_due(now=waiting.publish_at)

    failed = Publication.objects.get()
    assert (failed.state, network.posts) == (PublicationState.FAILED, {})
    assert "too large" in problems.words(failed.error)
