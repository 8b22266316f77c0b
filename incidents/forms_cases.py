"""Forms of an incident's life."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .enums import Severity


class TriageForm(forms.Form):
    """Which detections are looked at before anybody is called, and for how long at most."""

    triage_from = forms.TypedChoiceField(
        label=_("Goes through triage"),
        choices=[
            ("", _("Nothing: every detection calls people at once")),
            (Severity.SEV4, _("SEV4")),
            (Severity.SEV3, _("SEV3 and milder")),
        ],
        coerce=int,
        empty_value=None,
        required=False,
    )
    triage_minutes = forms.IntegerField(
        label=_("Minutes until people are called by themselves"),
        min_value=5,
        max_value=240,
        initial=30,
    )
