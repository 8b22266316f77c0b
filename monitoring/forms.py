"""What people enter about sources, words and files."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from . import mapping
from .enums import SourceKind
from .models import FileImport, Source
from .queries.parsing import MAX_WORD

# Words of a brand, each way.
MAX_WORDS = 1_000
# What each kind asks for beside its name.
_FIELDS = {
    SourceKind.FEED: ("url", "network", "match", "poll_every"),
    SourceKind.FILE: ("network", "match"),
    SourceKind.WEBHOOK: ("network", "match"),
    SourceKind.SIMULATOR: ("world",),
}
FIELD_LABELS = {
    "text": _("Text"),
    "title": _("Title"),
    "author": _("Author"),
    "published_at": _("When it was published"),
    "url": _("Address of the post"),
    "external_id": _("Id of the post"),
    "network": _("Network"),
    "lang": _("Language"),
    "reach": _("Reach (followers or readers)"),
}


class SourceForm(forms.Form):
    """A source of one kind; the fields of the other kinds are left out."""

    name = forms.CharField(label=_("Name"), max_length=120)
    url = forms.CharField(
        label=_("Address of the feed"),
        max_length=2000,
        help_text=_("RSS or Atom, beginning with https://."),
    )
    world = forms.CharField(
        label=_("Simulated world"),
        max_length=60,
        help_text=_("The name of the demo or drill whose posts are read."),
    )
    network = forms.CharField(
        label=_("Network"),
        max_length=40,
        required=False,
        help_text=_("Mentions without a network of their own are counted under this name."),
    )
    match = forms.BooleanField(
        label=_("Keep only what holds one of the brand's words"),
        required=False,
        help_text=_("For sources that carry more than the brand, such as a newspaper."),
    )
    poll_every = forms.IntegerField(
        label=_("Seconds between checks"), min_value=60, max_value=86_400, initial=300
    )

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wanted = ("name", *_FIELDS[SourceKind(kind)])
        for name in set(self.fields) - set(wanted):
            del self.fields[name]

    @classmethod
    def of(cls, source: Source, data: Any = None) -> "SourceForm":
        """The form of a source that exists."""
        initial = {**source.config, "name": source.name, "poll_every": source.poll_every}
        return cls(source.kind, data, initial=initial)

    def settings(self) -> dict[str, Any]:
        """What services.sources.configure takes."""
        rest = {"name", "poll_every"}
        return {name: value for name, value in self.cleaned_data.items() if name not in rest}


class WordsForm(forms.Form):
    """The words of a brand, one a line."""

    any_of = forms.CharField(
        label=_("Words and phrases"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "One per line. A mention is kept when it holds any of them, in upper or lower case."
        ),
    )
    none_of = forms.CharField(
        label=_("But not with"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One per line. A mention that holds one of these is left out."),
    )

    def clean_any_of(self) -> list[str]:
        return self._lines("any_of")

    def clean_none_of(self) -> list[str]:
        return self._lines("none_of")

    def _lines(self, name: str) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data[name].splitlines() if line.strip()]
        if len(lines) > MAX_WORDS:
            raise forms.ValidationError(_("Use at most %(most)d.") % {"most": MAX_WORDS})
        for line in lines:
            if len(line) > MAX_WORD:
                raise forms.ValidationError(
                    _("“%(word)s…” is longer than %(most)d characters.")
                    % {"word": line[:40], "most": MAX_WORD}
                )
        return list(dict.fromkeys(lines))


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("CSV or JSON lines"),
        help_text=_("Plain or packed as .gz. The first row of a CSV names its columns."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.jsonl,.ndjson,.gz"}),
    )


class MappingForm(forms.Form):
    """Which column is what; one choice of a column for each thing a mention may have.

    A file without times must be said to be one: its mentions count as new, and may raise an alarm.
    """

    UNDATED = "-"

    def __init__(self, upload: FileImport, data: Any = None) -> None:
        super().__init__(data, initial=upload.mapping)
        columns = [("", _("Not in the file")), *((name, name) for name in upload.columns)]
        for field in mapping.FIELDS:
            self.fields[field] = forms.ChoiceField(
                label=FIELD_LABELS[field], choices=columns, required=False
            )
        self.fields["published_at"] = forms.ChoiceField(
            label=FIELD_LABELS["published_at"],
            choices=[
                ("", _("Choose …")),
                *columns[1:],
                (self.UNDATED, _("Not in the file: count them all as said when they arrive")),
            ],
            error_messages={
                "required": _(
                    "Choose the column with the time. Without one, all mentions count as new and"
                    " may raise an alarm."
                )
            },
        )

    def clean_published_at(self) -> str:
        chosen: str = self.cleaned_data["published_at"]
        return "" if chosen == self.UNDATED else chosen
