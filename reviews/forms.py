"""What people type into a review, checked. Saving is a service's work."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from .services.follow_ups import LONGEST


class FollowUpForm(forms.Form):
    text = forms.CharField(
        label=_("What is to be done"),
        max_length=LONGEST,
        help_text=_("One thing that will be different next time."),
    )
    owner = forms.ModelChoiceField(
        User.objects.none(), label=_("Who sees to it"), required=False, empty_label="–"
    )
    due_on = forms.DateField(label=_("By"), widget=forms.DateInput({"type": "date"}))

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)  # noqa: S101 - for the reader and mypy
        owner.queryset = people
