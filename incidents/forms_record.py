"""What people type into the record, checked. Saving is a service's work."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from .enums_record import FactStatus


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
