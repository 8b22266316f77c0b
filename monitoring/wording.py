"""The audit trail's words for what is done in this room. Imported by the AppConfig."""

from django.utils.translation import gettext_lazy as _

from accounts.wording import register_actions, register_codes

from .enums import DetectionKind

register_actions(
    {
        "mention.corrected": _("Corrected a mention"),
        "mention.triaged": _("Decided what to do about a mention"),
        "mentions.changed": _("Changed many mentions"),
        "mentions.undone": _("Took back a change of many mentions"),
        "mentions.exported": _("Exported mentions"),
        "search.saved": _("Saved a search"),
        "search.deleted": _("Deleted a saved search"),
        "signal.voted": _("Voted on a signal"),
        "peak.expected": _("Entered an expected peak"),
        "peak.cancelled": _("Took out an expected peak"),
        "rule.saved": _("Saved a detection rule"),
        "rule.deleted": _("Deleted a detection rule"),
        "rule.rehearsed": _("Rehearsed a detection rule"),
        "source.created": _("Added a source"),
        "source.changed": _("Changed a source"),
        "source.paused": _("Paused a source"),
        "source.resumed": _("Let a source go on"),
        "label_rule.created": _("Added a rule for labels"),
        "label_rule.deleted": _("Deleted a rule for labels"),
        "label_layer.learned": _("Let the scoring learn from corrections"),
        "label_layer.forgotten": _("Undid what the scoring learned from corrections"),
        "source.secret_rotated": _("Replaced a source's secret"),
        # Recorded until words became queries.
        "brand.words_changed": _("Changed the words of a brand"),
        "query.created": _("Added a query"),
        "query.changed": _("Changed a query"),
        "query.deleted": _("Deleted a query"),
        "import.uploaded": _("Uploaded a file"),
        "import.started": _("Started an import"),
    }
)
register_codes(
    {
        ("rule.saved", "kind"): DetectionKind,
        ("rule.deleted", "kind"): DetectionKind,
    }
)
