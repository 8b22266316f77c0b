"""What people type in, checked. Saving is a service's work."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import PERMISSIONS, roles_with
from accounts.selectors import members
from monitoring.enums import CrisisType

from .enums import Severity, Target
from .models import EscalationPolicy, Shift


def brands_with(user: User, permission: Permission) -> Any:
    """Return the brands in which `user` holds a permission."""
    able = [brand for brand, role in user.roles.items() if permission in PERMISSIONS[role]]
    return Brand.objects.filter(pk__in=able)


def _choose(form: forms.BaseForm, name: str, rows: Any, *, empty: str | None = "–") -> None:
    """Let the field offer exactly these rows; without `empty` one must be chosen."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for the reader and the checker
    field.queryset = rows
    field.empty_label = empty


class DeclareForm(forms.Form):
    brand = forms.ModelChoiceField(Brand.objects.none(), label=_("Brand"), empty_label=None)
    title = forms.CharField(
        label=_("Title"), max_length=200, help_text=_("What has happened, in one line.")
    )
    crisis_type = forms.ChoiceField(
        label=_("Crisis type"),
        choices=[(CrisisType.NONE, _("Not known yet")), *CrisisType.choices[1:]],
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

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "brand", brands_with(user, Permission.OPEN_INCIDENT), empty=None)


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


class PolicyForm(forms.ModelForm):
    class Meta:
        model = EscalationPolicy
        fields = ("name", "rounds", "is_default")
        help_texts: ClassVar = {
            "rounds": _("How many times the ladder is run through before everyone is called."),
            "is_default": _("Running incidents keep the ladder they opened with."),
        }

    def _post_clean(self) -> None:
        """The service refuses what makes no sense, in words."""


class StepForm(forms.Form):
    """One rung: whom to call, and the minutes to wait for an answer."""

    target = forms.ChoiceField(label=_("Call"), choices=[("", "–"), *Target.choices])
    user = forms.ModelChoiceField(
        User.objects.none(), label=_("Person"), required=False, empty_label="–"
    )
    role = forms.ChoiceField(label=_("Role"), required=False)
    wait = forms.FloatField(label=_("Wait, minutes"), min_value=0, max_value=1440, initial=5)

    def __init__(self, *args: Any, brand: Brand, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "user", members(brand, permission=Permission.RUN_INCIDENT))
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)  # noqa: S101 - for the reader and the checker
        able = roles_with(Permission.RUN_INCIDENT)
        role.choices = [("", "–"), *((each.value, each.label) for each in able)]

    def step(self) -> dict[str, Any]:
        """Return the step as services.save_policy takes it."""
        cleaned = self.cleaned_data
        target = cleaned["target"]
        return {
            "target": target,
            "user": cleaned["user"] if target == Target.USER else None,
            "role": cleaned["role"] if target == Target.ROLE else "",
            "wait": round(cleaned["wait"] * 60),
        }
