"""What changes people, brands and rights. Each writes the audit trail in its own transaction.

Brands and people are locked without their key: whoever holds the trail's head may yet have to look
at these rows for a foreign key, at its commit, and the two would wait for each other.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from core import live
from core.errors import Conflict, Refused
from core.text import clean

from . import audit, tokens
from .enums import Role
from .models import ApiToken, Brand, Invitation, Membership, User
from .selectors import anyone

INVITATION_LIFE = timedelta(days=7)
# Two browsers on a fresh installation: the second waits for this lock, then finds a user.
_FIRST_RUN_LOCK = 0x43440001
# Words that stand in the place of a slug in our own addresses.
_RESERVED_SLUGS = {"new"}
# Letters that slugify would drop, or whose sound it would lose.
_SPELLED = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe", "ü": "ue"})


# Brands


@transaction.atomic
def create_brand(
    name: str,
    *,
    by: User | None = None,
    description: str = "",
    time_zone: str = "Europe/Copenhagen",
) -> Brand:
    """Make a brand; `by` becomes its administrator. Refuses a name that is taken."""
    name = clean(name).strip()
    _refuse_taken_name(name)
    try:
        with transaction.atomic():
            brand = Brand.objects.create(
                name=name, slug=_free_slug(name), description=description, time_zone=time_zone
            )
    except IntegrityError:
        raise Conflict(_("Someone has just added a brand with that name.")) from None
    if by is not None:
        Membership.objects.create(user=by, brand=brand, role=Role.ADMINISTRATOR)
        _rights_changed(by)
    audit.record("brand.created", actor=by, brand=brand, subject=name)
    return brand


@transaction.atomic
def update_brand(brand: Brand, *, by: User, name: str, description: str, time_zone: str) -> Brand:
    """Change what the brand is called and where it is. Its slug, and so its address, stays."""
    locked = Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
    name = clean(name).strip()
    if name != locked.name:
        _refuse_taken_name(name, except_for=locked.pk)
    new = {"name": name, "description": clean(description), "time_zone": time_zone}
    changes = _apply(locked, new)
    if changes:
        audit.record("brand.changed", actor=by, brand=locked, subject=name, changes=changes)
    return locked


def _refuse_taken_name(name: str, *, except_for: int = 0) -> None:
    if Brand.objects.filter(name__iexact=name).exclude(pk=except_for).exists():
        raise Refused(_("There is already a brand named %(name)s.") % {"name": name})


def _free_slug(name: str) -> str:
    base = slugify(name.lower().translate(_SPELLED))[:40] or "brand"
    taken = set(Brand.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    taken |= _RESERVED_SLUGS
    if base not in taken:
        return base
    return next(
        slug for slug in (f"{base}-{number}" for number in range(2, 1000)) if slug not in taken
    )


# People


@transaction.atomic
def set_role(brand: Brand, *, user: User, role: Role, by: User) -> None:
    """Give a member another role. Refuses to leave the brand without an administrator."""
    membership = _lock_membership(brand, user)
    before = membership.role
    if before == role:
        return
    if before == Role.ADMINISTRATOR:
        _refuse_last_administrator(brand, user)
    membership.role = role
    membership.save(update_fields=["role"])
    _rights_changed(user)
    audit.record(
        "member.role", actor=by, brand=brand, subject=user.email, before=before, after=role
    )


@transaction.atomic
def remove_member(brand: Brand, *, user: User, by: User) -> None:
    """End a membership; it takes effect on the person's next request and open sockets."""
    membership = _lock_membership(brand, user)
    if membership.role == Role.ADMINISTRATOR:
        _refuse_last_administrator(brand, user)
    role = membership.role
    membership.delete()
    _rights_changed(user)
    audit.record("member.removed", actor=by, brand=brand, subject=user.email, role=role)


def _lock_membership(brand: Brand, user: User) -> Membership:
    """Lock the brand, so that two administrators cannot remove each other at once."""
    Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
    try:
        return Membership.objects.get(brand=brand, user=user)
    except Membership.DoesNotExist:
        raise Conflict(_("%(name)s is no longer a member.") % {"name": user}) from None


def _refuse_last_administrator(brand: Brand, user: User) -> None:
    """`brand` is locked by the caller. An administrator who cannot sign in does not count."""
    others = brand.memberships.filter(role=Role.ADMINISTRATOR, user__is_active=True)
    if not others.exclude(user=user).exists():
        raise Refused(
            _("%(name)s is the last administrator of %(brand)s. Make someone else one first.")
            % {"name": user, "brand": brand}
        )


# Invitations


@transaction.atomic
def invite(
    brand: Brand, *, email: str, role: Role, by: User, now: datetime
) -> tuple[Invitation, str]:
    """Invite `email` and return the invitation with the secret of its link, known only now.

    An earlier open invitation of the same address to the brand is replaced: its link ends.
    """
    Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
    email = email.strip().lower()
    if brand.memberships.filter(user__email=email).exists():
        raise Refused(_("%(email)s is already a member of this brand.") % {"email": email})
    brand.invitations.filter(email=email, accepted_at=None).delete()
    secret = tokens.new()
    invitation = Invitation.objects.create(
        brand=brand,
        email=email,
        role=role,
        digest=tokens.digest(secret),
        invited_by=by,
        created_at=now,
        expires_at=now + INVITATION_LIFE,
    )
    audit.record("invitation.made", actor=by, brand=brand, subject=email, role=role)
    return invitation, secret


@transaction.atomic
def withdraw_invitation(brand: Brand, *, invitation_id: int, by: User) -> None:
    """End an open invitation's link. Refuses one that was accepted or is gone."""
    found = brand.invitations.select_for_update().filter(pk=invitation_id, accepted_at=None)
    invitation = found.first()
    if invitation is None:
        raise Conflict(_("This invitation has already been accepted or withdrawn."))
    invitation.delete()
    audit.record("invitation.withdrawn", actor=by, brand=brand, subject=invitation.email)


@transaction.atomic
def accept_invitation(secret: str, *, user: User, now: datetime) -> Brand:
    """Make `user` a member by the link's secret. Refuses a used, expired or foreign link."""
    invitation = _claim_invitation(secret, user=user, now=now)
    _make_member(invitation, user)
    return invitation.brand


@transaction.atomic
def join(
    secret: str, *, name: str, password: str, language: str, time_zone: str, now: datetime
) -> User:
    """Accept as someone new: make the person of the invitation's address, and a member."""
    invitation = _claim_invitation(secret, user=None, now=now)
    if User.objects.filter(email=invitation.email).exists():
        raise Refused(
            _("%(email)s already has an account: sign in to accept.") % {"email": invitation.email}
        )
    user = _create_user(
        email=invitation.email, name=name, password=password, language=language, time_zone=time_zone
    )
    _make_member(invitation, user)
    return user


def check_invitation(secret: str, *, user: User | None, now: datetime) -> Invitation:
    """Return the invitation of a link that `user`, or a visitor, could accept now.

    Refuses a used, expired or foreign link with words on what to do.
    """
    found = Invitation.objects.select_related("brand", "invited_by")
    return _judged(found.filter(digest=tokens.digest(secret)).first(), user=user, now=now)


def _claim_invitation(secret: str, *, user: User | None, now: datetime) -> Invitation:
    """Lock the invitation, then look at it: of two who accept at once, one is refused."""
    found = Invitation.objects.select_for_update(of=("self",)).select_related("brand")
    invitation = _judged(found.filter(digest=tokens.digest(secret)).first(), user=user, now=now)
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    return invitation


def _judged(invitation: Invitation | None, *, user: User | None, now: datetime) -> Invitation:
    if invitation is None:
        raise Refused(_("This link is not valid, or the invitation was withdrawn."))
    if invitation.accepted_at is not None:
        raise Conflict(_("This invitation has been used. Sign in instead."))
    if invitation.expires_at <= now:
        raise Refused(_("This invitation has expired. Ask an administrator for a new one."))
    if user is not None and invitation.email != user.email:
        raise Refused(
            _(
                "This invitation is for %(email)s, and you are signed in as %(other)s. "
                "Sign out and open the link again."
            )
            % {"email": invitation.email, "other": user.email}
        )
    return invitation


def _make_member(invitation: Invitation, user: User) -> None:
    """Add the membership; someone who is a member by now keeps the role they have."""
    Membership.objects.get_or_create(
        user=user, brand=invitation.brand, defaults={"role": invitation.role}
    )
    _rights_changed(user)
    audit.record(
        "invitation.accepted",
        actor=user,
        brand=invitation.brand,
        subject=user.email,
        role=invitation.role,
    )


# One's own account


@transaction.atomic
def update_profile(user: User, **fields: Any) -> None:
    """Save what someone changed about themselves: only the given fields, and only if changed."""
    changes = _apply(User.objects.select_for_update(no_key=True).get(pk=user.pk), fields)
    for name in changes:
        setattr(user, name, fields[name])
    # Preferences are nobody's concern; what others know a person by is.
    told = {name: value for name, value in changes.items() if name in {"name", "title", "phone"}}
    if told:
        audit.record("profile.changed", actor=user, subject=user.email, changes=told)


@transaction.atomic
def change_password(user: User, *, password: str) -> None:
    """Set a password that the form has judged. Every other session of the person ends by it."""
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record("password.changed", actor=user, subject=user.email)


@transaction.atomic
def issue_token(user: User, *, name: str) -> tuple[ApiToken, str]:
    """Make a key to the API that acts as `user`; the secret is known only now."""
    secret = tokens.new()
    token = ApiToken.objects.create(
        user=user, name=clean(name).strip()[:120], digest=tokens.digest(secret)
    )
    audit.record("token.issued", actor=user, subject=token.name, token=token.pk)
    return token, secret


@transaction.atomic
def revoke_token(user: User, *, token_id: int) -> None:
    """End a token of one's own, from its next call on."""
    token = user.tokens.select_for_update().filter(pk=token_id).first()
    if token is None:
        raise Conflict(_("This token has already been revoked."))
    token.delete()
    audit.record("token.revoked", actor=user, subject=token.name, token=token_id)


# The first run


@transaction.atomic
def start(*, email: str, name: str, password: str, language: str, brand: str) -> User:
    """Make the first administrator and the first brand. Refuses once anyone exists."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_FIRST_RUN_LOCK])
    if anyone():
        raise Conflict(_("CrisisDesk has already been set up. Sign in instead."))
    zone = User._meta.get_field("time_zone").get_default()
    user = _create_user(
        email=email.lower(), name=name, password=password, language=language, time_zone=zone
    )
    create_brand(brand, by=user, time_zone=zone)
    return user


def _create_user(*, password: str, **fields: Any) -> User:
    user = User(**{name: clean(value).strip() for name, value in fields.items()})
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from error
    try:
        with transaction.atomic():
            user.set_password(password)
            user.save(force_insert=True)
    except IntegrityError:
        raise Conflict(_("%(email)s already has an account.") % {"email": user.email}) from None
    audit.record("user.created", actor=user, subject=user.email)
    return user


def _apply(row: Brand | User, fields: dict[str, Any]) -> dict[str, list[Any]]:
    """Save the fields that differ; return {name: [before, after]}."""
    changes = {
        name: [getattr(row, name), value]
        for name, value in fields.items()
        if getattr(row, name) != value
    }
    for name, (_before, after) in changes.items():
        setattr(row, name, after)
    if changes:
        row.save(update_fields=list(changes))
    return changes


def _rights_changed(user: User) -> None:
    """Drop the roles cached on this object, and have the person's open sockets judged anew."""
    with suppress(AttributeError):
        del user.roles
    live.publish(f"user.{user.pk}", "membership")
