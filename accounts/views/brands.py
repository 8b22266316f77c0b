"""Brands, their people and invitations."""

import smtplib

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import selectors, services
from accounts.enums import Permission, Role
from accounts.forms import BrandForm, InvitationForm, RoleForm
from accounts.models import Brand, Invitation, User
from accounts.rules import allowed, require
from core.clock import database_now
from core.errors import Forbidden, Refused

from .common import person


def _managed(request: HttpRequest, slug: str) -> Brand:
    """The brand, for someone who may manage it: 404 for a stranger, 403 for another member."""
    brand = selectors.get_brand(person(request), slug)
    require(person(request), Permission.MANAGE_BRAND, brand)
    return brand


@login_required
def brands(request: HttpRequest) -> HttpResponse:
    user = person(request)
    rows = [
        {
            "brand": brand,
            "role": user.roles[brand.pk].label,
            "managed": allowed(user, Permission.MANAGE_BRAND, brand),
        }
        for brand in selectors.visible_brands(user)
    ]
    context = {"rows": rows, "may_create": bool(selectors.administered(user))}
    return render(request, "accounts/brands.html", context)


@login_required
def brand_new(request: HttpRequest) -> HttpResponse:
    user = person(request)
    if not selectors.administered(user):
        raise Forbidden(_("Only administrators can add brands. Ask one of yours."))
    form = BrandForm(request.POST or None, initial={"time_zone": user.time_zone})
    if request.method == "POST" and form.is_valid():
        try:
            brand = services.create_brand(**form.cleaned_data, by=user)
        except Refused as refusal:
            form.add_error("name", str(refusal))
        else:
            return redirect("accounts:people", brand.slug)
    return render(request, "accounts/brand.html", {"form": form})


@login_required
def brand(request: HttpRequest, slug: str) -> HttpResponse:
    row = _managed(request, slug)
    initial = {name: getattr(row, name) for name in BrandForm.base_fields}
    form = BrandForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_brand(row, by=person(request), **form.cleaned_data)
        except Refused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("Saved. It takes effect at once."))
            return redirect("accounts:brands")
    return render(request, "accounts/brand.html", {"form": form, "brand": row})


@login_required
@never_cache
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """Everyone of a brand with their roles; administrators change them and invite."""
    user = person(request)
    brand = selectors.get_brand(user, slug)
    if request.method == "POST":
        return _invite(request, _managed(request, slug))
    return _people_page(request, brand, _blank_invitation())


def _people_page(
    request: HttpRequest, brand: Brand, form: InvitationForm, **more: object
) -> HttpResponse:
    managed = allowed(person(request), Permission.MANAGE_BRAND, brand)
    context = {
        "brand": brand,
        "form": form,
        "managed": managed,
        "memberships": selectors.memberships(brand),
        "invitations": selectors.open_invitations(brand, now=database_now()) if managed else (),
        "roles": RoleForm.base_fields["role"].choices,  # type: ignore[attr-defined]
        **more,
    }
    return render(request, "accounts/people.html", context)


def _invite(request: HttpRequest, brand: Brand) -> HttpResponse:
    """Make an invitation; its link is in this answer, and never shown again."""
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _people_page(request, brand, form)
    try:
        invitation, secret = services.invite(
            brand, **form.cleaned_data, by=person(request), now=database_now()
        )
    except Refused as refusal:
        form.add_error("email", str(refusal))
        return _people_page(request, brand, form)
    link = settings.PUBLIC_URL + reverse("accounts:invitation", args=[secret])
    mailed = _mail(invitation, link)
    return _people_page(
        request, brand, _blank_invitation(), invited=invitation, link=link, mailed=mailed
    )


def _blank_invitation() -> InvitationForm:
    return InvitationForm(initial={"role": Role.RESPONDER})


def _mail(invitation: Invitation, link: str) -> bool | None:
    """Send the link, after the commit, and say whether it went out; None without a mail server.

    At once and not through a queue: whoever invites sees what came of it, and can copy the link.
    """
    if not settings.EMAIL_HOST:
        return None
    words = {"brand": " ".join(invitation.brand.name.split()), "by": invitation.invited_by}
    message = EmailMessage(
        subject=_("Invitation to %(brand)s on CrisisDesk") % words,
        body=_("%(by)s invites you to %(brand)s. The link works once and for seven days:") % words
        + f"\n\n{link}\n",
        to=[invitation.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except (OSError, smtplib.SMTPException):
        return False
    return True


@login_required
@require_POST
def member_role(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    brand = _managed(request, slug)
    member = get_object_or_404(User, pk=pk, memberships__brand=brand)
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            services.set_role(
                brand, user=member, role=form.cleaned_data["role"], by=person(request)
            )
            messages.success(request, _("%(name)s has a new role.") % {"name": member})
        except Refused as refusal:
            messages.error(request, str(refusal))
    return redirect("accounts:people", slug)


@login_required
def member_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Ask first: the person loses the brand at once, on every open page."""
    brand = _managed(request, slug)
    member = get_object_or_404(User, pk=pk, memberships__brand=brand)
    if request.method != "POST":
        context = {"brand": brand, "member": member}
        return render(request, "accounts/member_remove.html", context)
    try:
        services.remove_member(brand, user=member, by=person(request))
        messages.success(request, _("%(name)s is no longer a member.") % {"name": member})
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("accounts:people", slug)
    itself = member.pk == person(request).pk
    return redirect("accounts:brands") if itself else redirect("accounts:people", slug)


@login_required
@require_POST
def invitation_withdraw(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    services.withdraw_invitation(_managed(request, slug), invitation_id=pk, by=person(request))
    messages.success(request, _("The invitation is withdrawn. Its link no longer works."))
    return redirect("accounts:people", slug)
