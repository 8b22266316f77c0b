"""The pages of people and brands, as browsers meet them."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts import services
from accounts.enums import Role
from accounts.models import ApiToken, Brand, Invitation, User
from tests.factories.accounts import (
    BrandFactory,
    InvitationFactory,
    MembershipFactory,
    UserFactory,
)

PASSWORD = "correct horse battery"
Session = Callable[[User], Client]


@pytest.fixture
def ada(brand: Brand) -> User:
    """The brand's administrator."""
    user = UserFactory.create(email="ada@example.org", name="Ada Ask")
    MembershipFactory.create(user=user, brand=brand, role=Role.ADMINISTRATOR)
    return user


def sign_in(client: Client, email: str = "alice@example.org", **more: str) -> str:
    """Post the form and return where it leads, or the page with its errors."""
    response = client.post("/sign-in/", {"username": email, "password": PASSWORD, **more})
    return response.get("Location") or response.content.decode()


# Coming in and going out


@pytest.mark.parametrize("email", ["alice@example.org", "ALICE@Example.org"])
def test_one_signs_in_by_email_whatever_its_case(alice: User, client: Client, email: str) -> None:
    assert sign_in(client, email) == "/"
    assert client.get("/settings/profile/").status_code == 200


def test_an_unknown_person_and_a_wrong_password_read_the_same(alice: User, client: Client) -> None:
    unknown = sign_in(client, "nobody@example.org")
    wrong = sign_in(client, password="wrong")
    assert "do not match" in unknown
    assert re.sub(r'value="[^"]*"', "", unknown) == re.sub(r'value="[^"]*"', "", wrong)
    assert 'value="alice@example.org"' in wrong
    assert "wrong" not in re.findall(r'type="password"[^>]*', wrong)[0]


def test_next_leads_home_and_never_abroad(alice: User) -> None:
    assert sign_in(Client(), next="/mentions/?q=a") == "/mentions/?q=a"
    for abroad in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        assert sign_in(Client(), next=abroad) == "/"


def test_signing_in_changes_the_session_key(alice: User, client: Client) -> None:
    client.get("/sign-in/")
    session = client.session
    session["planted"] = 1
    session.save()
    before = session.session_key
    sign_in(client)
    assert client.session.session_key != before


def test_signing_out_takes_a_post(alice: User, signed_in: Session) -> None:
    client = signed_in(alice)
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/settings/").status_code == 200
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/settings/").status_code == 302


def test_who_is_not_active_does_not_come_in(alice: User, client: Client) -> None:
    User.objects.update(is_active=False)
    assert "do not match" in sign_in(client)


# Language, zone, look


def test_a_visitor_reads_in_the_language_of_the_browser_or_the_one_chosen(
    alice: User, client: Client
) -> None:
    danish = {"accept-language": "da-DK,da;q=0.9,en;q=0.5"}
    assert client.get("/sign-in/", headers=danish)["Content-Language"] == "da"
    response = client.post(
        "/language/", {"language": "en", "next": "/sign-in/?next=/x"}, headers=danish
    )
    assert response["Location"] == "/sign-in/?next=/x"
    assert client.get("/sign-in/", headers=danish)["Content-Language"] == "en"


def test_a_persons_language_is_kept_and_beats_browser_and_cookie(
    alice: User, signed_in: Session
) -> None:
    signed_in(alice).post("/language/", {"language": "da"})
    elsewhere = signed_in(alice)
    elsewhere.cookies["django_language"] = "en"
    response = elsewhere.get("/settings/", headers={"accept-language": "en"})
    assert response["Content-Language"] == "da"
    assert '<html lang="da"' in response.content.decode()


@pytest.mark.parametrize("nonsense", ["xx", "da\x00", "../../etc", ""])
def test_a_language_that_is_none_changes_nothing(
    alice: User, signed_in: Session, nonsense: str
) -> None:
    client = signed_in(alice)
    response = client.post("/language/", {"language": nonsense, "next": "//evil.example/"})
    assert response["Location"] == "/"
    alice.refresh_from_db()
    assert alice.language == "en"
    assert not response.cookies


def test_times_are_shown_in_the_persons_zone(alice: User, signed_in: Session) -> None:
    services.issue_token(alice, name="zoned")
    ApiToken.objects.update(created_at="2020-01-01T23:30:00Z")
    client = signed_in(alice)
    client.post("/language/", {"time_zone": "Asia/Tokyo"})
    assert "08:30" in client.get("/settings/tokens/").content.decode()
    client.post("/language/", {"time_zone": "Mars/Olympus"})
    alice.refresh_from_db()
    assert alice.time_zone == "Asia/Tokyo"


def test_the_look_is_kept_with_the_person(alice: User, signed_in: Session) -> None:
    client = signed_in(alice)
    assert client.post("/theme/", {"theme": "DARK", "next": "/settings/"})["Location"] == (
        "/settings/"
    )
    assert 'data-bs-theme="dark"' in client.get("/settings/").content.decode()
    client.post("/theme/", {"theme": "<script>"})
    assert 'data-bs-theme="dark"' in client.get("/settings/").content.decode()


# One's own settings

PROFILE = {
    "name": "Alice Ask",
    "title": "Press",
    "phone": "+45 12 34",
    "language": "en",
    "time_zone": "UTC",
    "theme": "LIGHT",
    "shortcuts": "",
}


def test_a_profile_is_saved_as_typed(alice: User, signed_in: Session) -> None:
    client = signed_in(alice)
    client.post("/settings/profile/", PROFILE)
    alice.refresh_from_db()
    assert (alice.name, alice.title, alice.theme) == ("Alice Ask", "Press", "LIGHT")
    assert not alice.shortcuts
    assert 'data-shortcuts="off"' in client.get("/settings/").content.decode()


def test_a_wrong_field_is_marked_and_nothing_typed_is_lost(alice: User, signed_in: Session) -> None:
    wrong = {**PROFILE, "name": "", "time_zone": "Mars", "title": "Kept <b>"}
    page = signed_in(alice).post("/settings/profile/", wrong).content.decode()
    assert page.count("is-invalid") == 2
    assert "Kept &lt;b&gt;" in page
    alice.refresh_from_db()
    assert alice.title == ""


def test_a_profile_cannot_reach_other_columns(alice: User, signed_in: Session) -> None:
    more = {"is_superuser": "1", "email": "root@example.org", "is_active": ""}
    signed_in(alice).post("/settings/profile/", {**PROFILE, **more})
    alice.refresh_from_db()
    assert (alice.is_superuser, alice.email, alice.is_active) == (False, "alice@example.org", True)


def test_a_new_password_ends_the_persons_other_sessions(alice: User, signed_in: Session) -> None:
    here, elsewhere = signed_in(alice), signed_in(alice)
    response = here.post("/settings/password/", {"old": PASSWORD, "password": "entirely new 9"})
    assert response["Location"] == "/settings/profile/"
    assert here.get("/settings/").status_code == 200
    assert elsewhere.get("/settings/").status_code == 302


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("wrong", "entirely new 9", "not your current password"),
        (PASSWORD, "short", "too short"),
        (PASSWORD, "alice@example.org", "too similar"),
    ],
)
def test_a_password_that_will_not_do_says_why(
    alice: User, signed_in: Session, old: str, new: str, words: str
) -> None:
    page = signed_in(alice).post("/settings/password/", {"old": old, "password": new})
    assert words in page.content.decode()
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_token_is_shown_once_and_works(alice: User, signed_in: Session) -> None:
    client = signed_in(alice)
    response = client.post("/settings/tokens/", {"name": "ci"})
    assert "no-store" in response["Cache-Control"]
    secret = re.search(r'id="token-secret">([^<]+)<', response.content.decode())
    assert secret is not None
    assert secret[1] not in client.get("/settings/tokens/").content.decode()
    api = Client(headers={"authorization": f"Bearer {secret[1]}"})
    assert api.get("/api/v1/brands/").status_code == 200
    client.post(f"/settings/tokens/{alice.tokens.get().pk}/revoke/")
    assert api.get("/api/v1/brands/").status_code == 401


# Brands and people


def test_an_administrator_makes_and_changes_brands(ada: User, signed_in: Session) -> None:
    client = signed_in(ada)
    form = {"name": "Sølvræv", "description": "Knives", "time_zone": "UTC"}
    assert client.post("/settings/brands/new/", form)["Location"] == (
        "/settings/brands/soelvraev/people/"
    )
    form["description"] = "Knives & forks"
    client.post("/settings/brands/soelvraev/", form)
    assert "Knives &amp; forks" in client.get("/settings/brands/").content.decode()


def test_a_taken_name_is_said_at_its_field(ada: User, brand: Brand, signed_in: Session) -> None:
    form = {"name": brand.name, "description": "Typed", "time_zone": "UTC"}
    page = signed_in(ada).post("/settings/brands/new/", form).content.decode()
    assert "There is already a brand named Fjordkaffe." in page
    assert "Typed" in page


def test_who_administers_nothing_makes_no_brand(alice: User, signed_in: Session) -> None:
    response = signed_in(alice).get("/settings/brands/new/")
    assert response.status_code == 403
    assert "Only administrators can add brands" in response.content.decode()


def test_roles_change_and_members_go(
    ada: User, bob: User, brand: Brand, signed_in: Session
) -> None:
    client = signed_in(ada)
    people = f"/settings/brands/{brand.slug}/people/"
    client.post(f"{people}{bob.pk}/role/", {"role": "OBSERVER"})
    assert bob.memberships.get().role == Role.OBSERVER
    assert "Remove Bob Berg from Fjordkaffe?" in (
        client.get(f"{people}{bob.pk}/remove/").content.decode()
    )
    assert bob.memberships.exists()
    client.post(f"{people}{bob.pk}/remove/")
    assert not bob.memberships.exists()


def test_the_last_administrator_is_told_why_not(
    ada: User, brand: Brand, signed_in: Session
) -> None:
    client = signed_in(ada)
    people = f"/settings/brands/{brand.slug}/people/"
    page = client.post(f"{people}{ada.pk}/remove/", follow=True).content.decode()
    assert "Ada Ask is the last administrator of Fjordkaffe" in page
    page = client.post(f"{people}{ada.pk}/role/", {"role": "LEAD"}, follow=True).content.decode()
    assert "Ada Ask is the last administrator of Fjordkaffe" in page
    assert ada.memberships.get().role == Role.ADMINISTRATOR


def test_the_people_page_costs_the_same_with_two_and_five(
    ada: User,
    bob: User,
    brand: Brand,
    signed_in: Session,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = signed_in(ada)
    with django_assert_max_num_queries(14) as before:
        client.get(f"/settings/brands/{brand.slug}/people/")
    for _ in range(3):
        MembershipFactory.create(brand=brand, role=Role.OBSERVER)
        InvitationFactory.create(brand=brand, invited_by=ada)
    with django_assert_max_num_queries(len(before)):
        page = client.get(f"/settings/brands/{brand.slug}/people/").content.decode()
    assert page.count("/remove/") == 5


def test_names_are_only_text(ada: User, bob: User, brand: Brand, signed_in: Session) -> None:
    User.objects.filter(pk=bob.pk).update(name="<script>alert(1)</script>")
    page = signed_in(ada).get(f"/settings/brands/{brand.slug}/people/").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


# Invitations


def invite(client: Client, brand: Brand, email: str = "new@example.org") -> tuple[str, str]:
    """Invite and return the page, and the path of the link on it."""
    people = f"/settings/brands/{brand.slug}/people/"
    page = client.post(people, {"email": email, "role": "RESPONDER"}).content.decode()
    link = re.search(r'id="invitation-link">[^<]*?(/invitation/[^<]+)<', page)
    return page, link[1] if link else ""


def test_someone_new_comes_in_by_the_link(
    ada: User, brand: Brand, signed_in: Session, client: Client
) -> None:
    administrator = signed_in(ada)
    page, link = invite(administrator, brand)
    assert "No mail server is set up" in page
    assert link not in administrator.get(f"/settings/brands/{brand.slug}/people/").content.decode()
    assert "Ada Ask invites new@example.org" in client.get(link).content.decode()
    weak = client.post(link, {"name": "New Ny", "password": "short"}).content.decode()
    assert "too short" in weak
    assert "New Ny" in weak
    assert client.post(link, {"name": "New Ny", "password": PASSWORD})["Location"] == "/"
    assert client.get("/settings/profile/").status_code == 200
    assert User.objects.get(email="new@example.org").roles == {brand.pk: Role.RESPONDER}


def test_someone_known_signs_in_and_comes_back_to_the_link(
    ada: User, brand: Brand, charlie: User, signed_in: Session, client: Client
) -> None:
    _, link = invite(signed_in(ada), brand, charlie.email)
    page = client.get(link).content.decode()
    assert f"/sign-in/?next={link}" in page
    assert client.post(link, {"name": "Thief", "password": PASSWORD}).status_code == 200
    charlie.refresh_from_db()
    assert charlie.name == "Charlie Colm"
    assert sign_in(client, charlie.email, next=link) == link
    client.post(link)
    assert charlie.memberships.filter(brand=brand, role=Role.RESPONDER).exists()


def test_a_link_that_will_not_do_says_what_to_do(
    ada: User, brand: Brand, bob: User, charlie: User, signed_in: Session, client: Client
) -> None:
    _, link = invite(signed_in(ada), brand)
    foreign = signed_in(charlie).get(link)
    assert foreign.status_code == 422
    assert "Sign out and open the link again" in foreign.content.decode()
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "Ask an administrator for a new one" in client.get(link).content.decode()
    Invitation.objects.update(accepted_at=timezone.now())
    used = client.get(link)
    assert (used.status_code, "Sign in instead" in used.content.decode()) == (409, True)
    assert "not valid" in client.get("/invitation/guessed/").content.decode()


def test_with_a_mail_server_the_link_is_mailed_too(
    ada: User, brand: Brand, signed_in: Session, settings: Settings
) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    Brand.objects.filter(pk=brand.pk).update(name="Fjord\r\nBcc: all@example.org")
    page, link = invite(signed_in(ada), brand)
    assert "The link was sent by e-mail" in page
    letter = mail.outbox[0]
    assert letter.to == ["new@example.org"]
    assert settings.PUBLIC_URL + link in letter.body
    assert "\n" not in letter.subject


def test_when_the_mail_fails_the_link_is_there_to_copy(
    ada: User, brand: Brand, signed_in: Session, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", 1, False
    page, link = invite(signed_in(ada), brand)
    assert "The mail could not be sent" in page
    assert link


def test_a_bad_invitation_stays_in_the_form(
    ada: User, bob: User, brand: Brand, signed_in: Session
) -> None:
    client = signed_in(ada)
    page, _ = invite(client, brand, "not an address")
    assert 'value="not an address"' in page
    page, link = invite(client, brand, bob.email)
    assert "already a member" in page
    assert not link


def test_an_invitation_is_withdrawn_by_a_post(
    ada: User, brand: Brand, signed_in: Session, client: Client
) -> None:
    administrator = signed_in(ada)
    _, link = invite(administrator, brand)
    pk = brand.invitations.get().pk
    administrator.post(f"/settings/brands/{brand.slug}/invitations/{pk}/withdraw/")
    assert "not valid" in client.get(link).content.decode()


# The first run

START = {
    "name": "First",
    "email": "First@example.org",
    "password": PASSWORD,
    "brand": "Fjordkaffe",
}


@pytest.mark.parametrize("address", ["/", "/sign-in/", "/settings/", "/anything/"])
def test_without_anyone_every_page_leads_to_the_start(
    db: None, client: Client, address: str
) -> None:
    assert client.get(address)["Location"] == "/start/"


def test_programs_are_not_led_there(db: None, client: Client) -> None:
    assert client.get("/api/v1/brands/").status_code == 401


def test_the_start_makes_administrator_and_brand_and_is_gone_for_ever(
    db: None, client: Client
) -> None:
    assert client.get("/start/").status_code == 200
    response = client.post("/start/", START)
    assert response.status_code == 302
    assert response["Location"] in {"/", "/settings/sources/new/?first=1"}
    user = User.objects.get()
    assert (user.email, [*user.roles.values()]) == ("first@example.org", [Role.ADMINISTRATOR])
    assert client.get("/settings/").status_code == 200
    for visitor in (client, Client()):
        assert visitor.get("/start/").status_code == 404
        late = visitor.post("/start/", {**START, "email": "late@example.org"})
        assert late.status_code == 409
        assert "already been set up" in late.content.decode()
    assert User.objects.count() == 1


def test_a_wrong_start_keeps_what_was_typed(db: None, client: Client) -> None:
    page = client.post("/start/", {**START, "password": "short", "email": "x"}).content.decode()
    assert page.count("is-invalid") == 2
    assert 'value="Fjordkaffe"' in page
    assert not User.objects.exists()


def test_being_set_up_is_asked_once_a_process(
    alice: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get("/sign-in/")
    with django_assert_num_queries(0):
        client.get("/sign-in/")


# Settings and the audit trail


def test_the_settings_list_their_pages_and_mark_the_one_shown(
    alice: User, signed_in: Session
) -> None:
    client = signed_in(alice)
    index = client.get("/settings/").content.decode()
    for address in ("/settings/profile/", "/settings/brands/", "/settings/tokens/"):
        assert f'href="{address}"' in index
    page = client.get("/settings/password/").content.decode()
    assert re.search(r'href="/settings/profile/" aria-current="page"', page)


def test_administrators_read_the_trail_of_their_brands_only(
    ada: User, brand: Brand, charlie: User, other_brand: Brand, signed_in: Session
) -> None:
    client = signed_in(ada)
    invite(client, brand, "seen@example.org")
    invite(signed_in(charlie), other_brand, "unseen@example.org")
    page = client.get("/settings/audit/").content.decode()
    assert "seen@example.org" in page
    assert "Invited someone" in page
    assert "unseen@example.org" not in page
    theirs = signed_in(charlie).get("/settings/audit/").content.decode()
    assert "unseen@example.org" in theirs


def test_the_trail_is_for_administrators(alice: User, signed_in: Session) -> None:
    response = signed_in(alice).get("/settings/audit/")
    assert response.status_code == 403
    assert "for administrators" in response.content.decode()


def test_the_trail_is_paged_and_filtered(
    ada: User,
    brand: Brand,
    signed_in: Session,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(60):
        services.update_brand(brand, by=ada, name=f"Name {number}", description="", time_zone="UTC")
    other = services.create_brand("Other", by=ada)
    client = signed_in(ada)
    with django_assert_max_num_queries(12):
        page = client.get("/settings/audit/").content.decode()
    assert page.count("<tr>") == 51
    older = re.search(r'href="\?(before=\d+)"', page)
    assert older is not None
    assert client.get(f"/settings/audit/?{older[1]}").content.decode().count("<tr>") == 12
    mine = client.get(f"/settings/audit/?brand={other.slug}").content.decode()
    assert mine.count("<tr>") == 2
    assert "Nothing found" in client.get("/settings/audit/?q=zebra").content.decode()
    assert client.get("/settings/audit/?before=x&q=%27").status_code == 200


# Refusals in general


def test_a_refused_htmx_request_is_a_toast_and_swaps_nothing(
    alice: User, signed_in: Session
) -> None:
    response = signed_in(alice).post("/settings/tokens/999/revoke/", headers={"HX-Request": "true"})
    assert response.status_code == 409
    assert response["HX-Reswap"] == "none"
    assert '"level": "error"' in response["HX-Trigger"]
    assert response.content == b""


def test_a_refused_page_offers_the_way_back_home_only(alice: User, signed_in: Session) -> None:
    client = signed_in(alice)
    for referer, back in (
        ("http://testserver/settings/tokens/", "http://testserver/settings/tokens/"),
        ("https://evil.example/", "/"),
    ):
        page = client.post("/settings/tokens/999/revoke/", headers={"referer": referer})
        assert page.status_code == 409
        assert f'href="{back}"' in page.content.decode()


def test_pages_carry_no_inline_script_or_style(ada: User, brand: Brand, signed_in: Session) -> None:
    client = signed_in(ada)
    BrandFactory.create()
    for address in (
        "/settings/",
        "/settings/profile/",
        "/settings/password/",
        "/settings/tokens/",
        "/settings/audit/",
        "/settings/brands/",
        f"/settings/brands/{brand.slug}/people/",
        "/notices/",
    ):
        page = client.get(address).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page), address
