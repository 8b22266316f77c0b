"""What people type into the record, checked. Saving is a service's work."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from .enums_record import FactStatus, Outlet


class FactForm(forms.Form):
    text = forms.CharField(label=_("Fact"), max_length=1000, widget=forms.Textarea({"rows": 3}))
    status = forms.ChoiceField(label=_("Status"), choices=FactStatus)
    source = forms.CharField(
        label=_("Source"), max_length=500, required=False, help_text=_("Who says so?")
    )
    source_url = forms.URLField(
        label=_("Address of the source"), max_length=500, required=False, assume_scheme="https"
    )
    owner = forms.ModelChoiceField(
        User.objects.none(), label=_("Who looks after it"), required=False
    )
    reason = forms.CharField(
        label=_("Why it changes"), max_length=1000, required=False,
        help_text=_("Stays in the history."),
    )  # fmt: skip

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)  # noqa: S101 - for the reader and mypy
        owner.queryset = people
        owner.empty_label = "–"


class WordForm(forms.Form):
    """A word to the public by other means; without a time it was just now."""

    channel = forms.ChoiceField(label=_("Where"), choices=Outlet)
    at = forms.TimeField(label=_("When"), required=False)
    text = forms.CharField(label=_("What was said"), max_length=500, required=False)
    url = forms.URLField(label=_("Address"), max_length=500, required=False, assume_scheme="https")


class PromiseForm(forms.Form):
    """A time of day in the incident's zone; without a day the next time it is so late."""

    text = forms.CharField(label=_("Promise"), max_length=500)
    due = forms.TimeField(label=_("Due"))
    day = forms.DateField(label=_("Day"), required=False)
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Who keeps it"), required=False)
    made_in = forms.CharField(label=_("Given in"), max_length=200, required=False)

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)  # noqa: S101 - for the reader and mypy
        owner.queryset = people


class MoveForm(forms.Form):
    due = forms.TimeField(label=_("New time"))
    day = forms.DateField(label=_("Day"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=1000)


def problems(form: forms.Form) -> str:
    """Return what is wrong with a form in one line, for where there are no fields to mark."""
    return " ".join(str(error) for each in form.errors.values() for error in each)


class DecisionForm(forms.Form):
    """On paper a decision has a reason; in the room's line it may be left out."""

    text = forms.CharField(label=_("Decision"), max_length=4000)
    reason = forms.CharField(label=_("Reason"), max_length=2000)
    rejected = forms.CharField(label=_("Rejected"), max_length=2000, required=False)
    owner = forms.ModelChoiceField(User.objects.none(), label=_("Owner"), required=False)
    corrects = forms.IntegerField(min_value=1, required=False)

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)  # noqa: S101 - for the reader and mypy
        owner.queryset = people


class MomentForm(forms.Form):
    """A day and time as a page's field holds it; its zone is the incident's."""

    at = forms.CharField(label=_("When"), max_length=16)

    def clean_at(self) -> datetime:
        try:
            return datetime.strptime(self.cleaned_data["at"], "%Y-%m-%dT%H:%M")  # noqa: DTZ007
        except ValueError:
            raise forms.ValidationError(_("Give the day and the time.")) from None
