"""What people type about statement pages, made into values. Services judge it."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from . import texts
from .enums_statement import EntryForm
from .models_statement import Statement
from .services.statement import Terms, Wanted


class SiteForm(forms.Form):
    """A brand's statement page."""

    main = forms.ChoiceField(label=_("Main language"), choices=settings.LANGUAGES)
    languages = forms.MultipleChoiceField(
        label=_("Languages"), choices=settings.LANGUAGES, widget=forms.CheckboxSelectMultiple
    )
    contact = forms.CharField(label=_("Contact for the public"), max_length=300, required=False)
    press_contact = forms.CharField(
        label=_("Contact for the press"), max_length=300, required=False
    )
    colour = forms.CharField(
        label=_("Colour"), max_length=7, help_text=_("It is made darker or lighter until it reads.")
    )
    has_mail = forms.BooleanField(label=_("People can subscribe by e-mail"), required=False)

    def wanted(self) -> Wanted:
        found = self.cleaned_data
        rest = [code for code in found["languages"] if code != found["main"]]
        return Wanted(
            (found["main"], *rest),
            found["contact"],
            found["press_contact"],
            found["colour"],
            found["has_mail"],
        )


class PrepareForm(forms.Form):
    slug = forms.CharField(
        label=_("Address"), max_length=60, help_text=_("Small letters, digits and hyphens.")
    )


class TermsForm(forms.Form):
    """How a draft is to appear on the page."""

    form = forms.ChoiceField(label=_("Kind"), choices=EntryForm)
    language = forms.ChoiceField(label=_("Language"))
    about = forms.TypedChoiceField(
        label=_("About the entry"), coerce=int, empty_value=None, required=False
    )
    reason = forms.CharField(
        label=_("Why it is put right"), max_length=300, required=False,
        help_text=_("The public reads it."),
    )  # fmt: skip
    next_update_at = forms.DateTimeField(
        label=_("Next update promised by"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, statement: Statement, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict(settings.LANGUAGES)
        codes = statement.site.languages
        self.fields["language"].choices = [(code, names[code]) for code in codes]  # type: ignore[attr-defined]
        entries = statement.entries.exclude(form__in=["CORRECTION", "WITHDRAWAL"])
        rows = [(each.number, f"{each.number}: {each.text[:60]}") for each in entries]
        self.fields["about"].choices = [("", "–"), *rows]  # type: ignore[attr-defined]

    def terms(self) -> Terms:
        found = self.cleaned_data
        names = ("form", "language", "about", "reason", "next_update_at")
        return Terms(**{name: found[name] for name in names})


class EntryDraftForm(TermsForm):
    """A draft for the page with how it is to appear."""

    title = forms.CharField(label=_("Title in the desk"), max_length=120)
    text = forms.CharField(
        label=_("Text"), max_length=texts.MAX_LENGTH, widget=forms.Textarea, strip=False,
        help_text=_("A first line that stands alone is the headline. Lines with - are a list."),
    )  # fmt: skip
