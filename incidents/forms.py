"""What people type in, checked. Saving is a service's work."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.enums import Permission
from accounts.models import Brand, Membership, User
from accounts.rules import PERMISSIONS
from accounts.selectors import members
from monitoring.enums import CrisisType
from monitoring.scoring import score

from .enums import Posts, Severity, Statement
from .models import Shift


def brands_with(user: User, permission: Permission) -> Any:
    """Return the brands in which `user` holds a permission."""
    able = [brand for brand, role in user.roles.items() if permission in PERMISSIONS[role]]
    return Brand.objects.filter(pk__in=able)


def colleagues(user: User, brands: Any) -> Any:
    """Return the other people of these brands, by name."""
    held = Membership.objects.filter(brand__in=brands).values("user")
    return User.objects.filter(pk__in=held, is_active=True).exclude(pk=user.pk).order_by("name")


def _choose(form: forms.BaseForm, name: str, rows: Any, *, empty: str | None = "–") -> None:
    """Let the field offer exactly these rows; without `empty` one must be chosen."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for the reader and the checker
    field.queryset = rows
    field.empty_label = empty


class DeclareForm(forms.Form):
    """What has happened and how grave it is; all else has an answer already."""

    title = forms.CharField(
        label=_("What has happened"), max_length=200, help_text=_("In one line, as it is known.")
    )
    severity = forms.TypedChoiceField(
        label=_("Severity"),
        choices=[
            (Severity.SEV1, _("SEV1: people or the company are in danger")),
            (Severity.SEV2, _("SEV2: serious and growing")),
            (Severity.SEV3, _("SEV3: limited, to be answered today")),
            (Severity.SEV4, _("SEV4: to be watched")),
        ],
        coerce=int,
        initial=Severity.SEV3,
    )
    brand = forms.ModelChoiceField(Brand.objects.none(), label=_("Brand"), empty_label=None)
    crisis_type = forms.ChoiceField(
        label=_("Crisis type"),
        choices=[(CrisisType.NONE, _("Read it from the words")), *CrisisType.choices[1:]],
        required=False,
    )
    is_suspicion = forms.BooleanField(
        label=_("Only a suspicion: look at it before anybody is called"), required=False
    )
    is_private = forms.BooleanField(
        label=_("Private: seen by you, the members you choose, and whoever is called"),
        required=False,
    )
    members = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=_("Members"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        brands = brands_with(user, Permission.OPEN_INCIDENT)
        _choose(self, "brand", brands, empty=None)
        _choose(self, "members", colleagues(user, brands))
        # Who has one brand is not asked for it; the first is the one chosen otherwise.
        self.fields["brand"].required = len(brands) != 1
        self.only_brand = brands[0] if len(brands) == 1 else None

    def clean_brand(self) -> Brand:
        brand: Brand = self.only_brand or self.cleaned_data["brand"]
        return brand

    def clean_crisis_type(self) -> str:
        """A kind that was not chosen is read from the words, as that of a mention is."""
        chosen: str = self.cleaned_data["crisis_type"]
        if chosen and chosen != CrisisType.NONE:
            return chosen
        return str(score([self.cleaned_data.get("title", "")])[0].crisis_type)


class EndForm(forms.Form):
    """What is asked when an incident is resolved; each may be left open."""

    statement = forms.ChoiceField(choices=[("", "–"), *Statement.choices], required=False)
    posts = forms.ChoiceField(choices=[("", "–"), *Posts.choices], required=False)
    review_owner = forms.ModelChoiceField(User.objects.none(), required=False)

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "review_owner", people)


class TaskForm(forms.Form):
    """`due` is a time of day in the reader's zone: today if still to come, else tomorrow."""

    title = forms.CharField(label=_("Task"), max_length=200)
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Person"), required=False)
    due = forms.TimeField(label=_("Due"), required=False)

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "owner", people)


class ShiftForm(forms.ModelForm):
    """Times are in the brand's zone, which the page names."""

    class Meta:
        model = Shift
        fields = ("user", "starts_at", "ends_at")
        labels: ClassVar = {"user": _("Person")}
        widgets: ClassVar = {
            name: forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
            for name in ("starts_at", "ends_at")
        }

    def __init__(self, *args: Any, brand: Brand, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "user", members(brand, permission=Permission.RUN_INCIDENT), empty=None)

    def _post_clean(self) -> None:
        """Whether the shift makes sense is for the service to say, in words."""
