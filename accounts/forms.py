"""Input of this room's pages, judged and no more: saving is a service's work."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from core.text import clean

from .enums import Role
from .models import Theme, User
from .reading import zones


class Text(forms.CharField):
    """One line of text without what cannot be stored."""

    def to_python(self, value: Any) -> str | None:
        text: str | None = super().to_python(value)
        return clean(text).replace("\n", " ").strip() if text else text


def _email_widget(**attributes: str) -> forms.EmailInput:
    return forms.EmailInput({"autocomplete": "username", "autocapitalize": "none", **attributes})


class SignInForm(AuthenticationForm):
    """E-mail and password. The same words for an unknown person and a wrong password."""

    username = forms.EmailField(label=_("E-mail"), widget=_email_widget(autofocus="autofocus"))
    error_messages = {  # noqa: RUF012 - the base class's own form
        "invalid_login": _("E-mail and password do not match. Check capital letters."),
        "inactive": _("This account is not active."),
    }

    def clean_username(self) -> str:
        email: str = self.cleaned_data["username"]
        return email.lower()


def _password_rules() -> str:
    return " ".join(str(text) for text in password_validators_help_texts())


def _new_password_field() -> forms.CharField:
    return forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=lazy(_password_rules, str)(),
    )


class NewPersonForm(forms.Form):
    """Someone who has no account: for an invitation. `email` is known and only shown."""

    name = Text(
        label=_("Your name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    password = _new_password_field()

    def __init__(self, *args: Any, email: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        person = User(email=data.get("email", self._email), name=data.get("name", ""))
        if "password" in data:
            try:
                validate_password(data["password"], person)
            except ValidationError as error:
                self.add_error("password", error)
        return data


class StartForm(NewPersonForm):
    """The first administrator and the first brand."""

    email = forms.EmailField(label=_("E-mail"), widget=_email_widget())
    brand = Text(
        label=_("First brand"),
        max_length=120,
        help_text=_("The company, product or place that you watch and speak for."),
    )
    field_order = ("name", "email", "password", "brand")


class ProfileForm(forms.Form):
    name = Text(label=_("Name"), max_length=120)
    title = Text(
        label=_("Title"),
        max_length=120,
        required=False,
        help_text=_("Your job title, as others see it in the war room."),
    )
    phone = Text(
        label=_("Phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
        help_text=_("So that your colleagues can reach you in a crisis."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lambda: [(zone, zone.replace("_", " ")) for zone in zones()],
        help_text=_("All times you see, also in e-mails, are in this zone."),
    )
    theme = forms.ChoiceField(label=_("Appearance"), choices=Theme)
    shortcuts = forms.BooleanField(
        label=_("Single-key shortcuts"),
        required=False,
        help_text=_("G then O opens the overview, and so on. The question mark lists them."),
    )


class PasswordForm(forms.Form):
    """A new password, for someone who knows the old one."""

    old = forms.CharField(
        label=_("Current password"),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )
    password = _new_password_field()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        self.fields["password"].label = _("New password")

    def clean_old(self) -> str:
        old: str = self.cleaned_data["old"]
        if not self._user.check_password(old):
            raise ValidationError(_("This is not your current password."))
        return old

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self._user)
        return password


class BrandForm(forms.Form):
    name = Text(label=_("Name"), max_length=120)
    description = Text(
        label=_("Description"),
        max_length=200,
        required=False,
        help_text=_("One line, for those who do not know the brand."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lambda: [(zone, zone.replace("_", " ")) for zone in zones()],
        help_text=_("Tells nights and weekdays apart when CrisisDesk learns what is usual."),
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role)

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class InvitationForm(RoleForm):
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput({"autocomplete": "off"}))
    field_order = ("email", "role")


class TokenForm(forms.Form):
    name = Text(
        label=_("What is it for?"),
        max_length=120,
        help_text=_("So that you know later which one to revoke."),
    )


class AuditFilter(forms.Form):
    brand = forms.CharField(required=False)
    q = Text(required=False, max_length=120)
    before = forms.IntegerField(required=False)
