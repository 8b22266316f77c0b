"""What people answer the strategy advisor, and what they decide."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .enums_strategy import Posture
from .strategy import QUESTIONS, UNKNOWN
from .strategy.wording import QUESTIONS as ASKED
from .strategy.wording import answers


class AnswersForm(forms.Form):
    """The questions, in their order."""

    base = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in QUESTIONS:
            asked, about = ASKED[question]
            self.fields[question] = forms.ChoiceField(
                label=asked, help_text=about, choices=list(answers(question).items()),
                initial=UNKNOWN, widget=forms.Select({"class": "form-select"}),
            )  # fmt: skip

    @property
    def given(self) -> dict[str, str]:
        return {question: self.cleaned_data[question] for question in QUESTIONS}


class DecisionForm(forms.Form):
    base = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    posture = forms.ChoiceField(label=_("Posture"), choices=Posture.choices)
    reason = forms.CharField(
        label=_("Why, if it is not what is proposed"),
        max_length=1000,
        required=False,
        widget=forms.Textarea({"rows": 2, "class": "form-control"}),
    )
