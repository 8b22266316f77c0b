"""A brand's statement site: opened, changed, its keys made and changed."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import require
from connectors.models import ConnectedAccount
from core import crypto
from core.errors import Conflict, Refused
from core.text import clean
from responses.models_statement import StatementKey, StatementSite
from responses.statements import documents

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
DEFAULT_COLOUR = "#334155"


@dataclass(frozen=True)
class Wanted:
    """What a site shows on every page. `languages` are codes, the main one first."""

    languages: tuple[str, ...]
    contact: str = ""
    press_contact: str = ""
    colour: str = DEFAULT_COLOUR
    has_mail: bool = True


@transaction.atomic
def open_site(brand: Brand, wanted: Wanted, *, by: User, now: datetime) -> StatementSite:
    """Give the brand a statement site, with an account to publish through and a key to sign with.

    Nothing is public before the first statement is published. Conflict if there is one already.
    """
    require(by, Permission.MANAGE_BRAND, brand)
    Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
    if StatementSite.objects.filter(brand=brand).exists():
        raise Conflict(_("The brand has a statement page already."))
    account = ConnectedAccount.objects.create(brand=brand, network="statement", name=brand.name)
    site = StatementSite(brand=brand, slug=brand.slug, account=account, export_at=now)
    _fill(site, wanted)
    site.save()
    make_key(site, now=now)
    audit.record("statement_site.opened", actor=by, brand=brand, subject=site.slug)
    return site


@transaction.atomic
def change_site(site_id: int, wanted: Wanted, *, by: User, now: datetime) -> StatementSite:
    """Change what stands on every page. Every file is written again."""
    site = lock_site(site_id)
    require(by, Permission.MANAGE_BRAND, site.brand_id)
    _fill(site, wanted)
    site.export_at, site.full_at = now, None
    site.save()
    audit.record("statement_site.changed", actor=by, brand=site.brand, subject=site.slug)
    return site


def _fill(site: StatementSite, wanted: Wanted) -> None:
    known = dict(settings.LANGUAGES)
    if not wanted.languages or any(code not in known for code in wanted.languages):
        raise Refused(_("Choose at least one language."))
    if not _COLOUR.fullmatch(wanted.colour):
        raise Refused(_("Write the colour as # and six hexadecimal digits, such as #1D4ED8."))
    site.languages = list(dict.fromkeys(wanted.languages))
    site.contact = clean(wanted.contact).strip()[:300]
    site.press_contact = clean(wanted.press_contact).strip()[:300]
    site.colour = wanted.colour.lower()
    site.has_mail = wanted.has_mail


def lock_site(site_id: int) -> StatementSite:
    """Return the site, locked: every chain under it grows by one hand at a time.

    Locked before the incident and after the draft, wherever both are needed.
    """
    rows = StatementSite.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("brand", "account").get(pk=site_id)


# Keys


def make_key(site: StatementSite, *, now: datetime) -> StatementKey:
    """Make the key that signs from now on; expects that none does."""
    private, pem = documents.make_key()
    fingerprint = documents.fingerprint(pem)
    return StatementKey.objects.create(
        site=site,
        fingerprint=fingerprint,
        public_pem=pem,
        sealed=crypto.seal(private, context=_context(fingerprint)),
        created_at=now,
    )


@transaction.atomic
def rotate_key(site_id: int, *, by: User, now: datetime) -> StatementKey:
    """Sign with a new key from now on. The old one's private half is forgotten; its public half
    stays published, so what it signed can be checked for ever."""
    site = lock_site(site_id)
    require(by, Permission.MANAGE_BRAND, site.brand_id)
    site.keys.filter(retired_at=None).update(retired_at=now, sealed=b"")
    key = make_key(site, now=now)
    site.export_at, site.full_at = now, None
    site.save(update_fields=["export_at", "full_at"])
    audit.record(
        "statement_site.key_changed",
        actor=by,
        brand=site.brand,
        subject=site.slug,
        fingerprint=key.fingerprint,
    )
    return key


def sign(key: StatementKey, data: bytes) -> bytes:
    """Sign with the site's key. Raises core.crypto.Unsealable where its seal cannot be opened."""
    private = crypto.unseal(bytes(key.sealed), context=_context(key.fingerprint))
    return documents.sign(private, data)


def _context(fingerprint: str) -> str:
    return f"responses.statement_key:{fingerprint}"
