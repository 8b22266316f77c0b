"""Beginning a draft from a prepared text."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Conflict, Refused
from core.text import clean
from incidents.enums import EntryKind
from incidents.models import Incident
from responses import variables
from responses.models import Draft
from responses.models_templates import HoldingUse, StatementTemplate, TemplateVersion
from responses.plan import holding
from responses.services.drafting import create_draft
from responses.services.rows import latest_version
from responses.services.telling import tell

LONGEST_VALUE = 200


@dataclass(frozen=True)
class Filled:
    """What somebody puts into a prepared text.

    `holds` answers the conditions in their order: whether each of them holds. `sha256` is of the
    version that was shown.
    """

    sha256: str
    values: Mapping[str, str] = field(default_factory=dict)
    holds: Sequence[bool | None] = ()
    account_ids: Collection[int] = ()
    # Begin an ordinary draft with the words of a holding statement: it takes the usual way.
    ordinary: bool = False


@transaction.atomic
def use_template(
    incident: Incident, template: StatementTemplate, filled: Filled, *, by: User, now: datetime
) -> Draft:
    """Begin a draft with the text, filled. From a holding statement that stands it is pre-approved.

    Refused while a variable is empty, a condition holds or is not answered, and for a holding
    statement that nobody has approved or that has ended. Conflict if it is not what was shown.
    """
    version = holding.latest(template)
    if template.brand_id != incident.brand_id or template.retired_at:
        raise Refused(_("There is no such template."))
    if version.sha256 != filled.sha256:
        raise Conflict(_("The text has changed since it was shown to you. Read it again."))
    as_holding = template.is_holding and not filled.ordinary
    if as_holding:
        _refuse_void(version, filled.holds, now=now)
    values = _values(incident, version, filled.values, now=now)
    draft = create_draft(
        incident.pk,
        title=template.name,
        text=variables.put(version.text, values),
        account_ids=filled.account_ids,
        by=by,
        now=now,
    )
    if as_holding:
        _note_use(draft, version, values, by=by, now=now)
    return draft


def _refuse_void(version: TemplateVersion, holds: Sequence[bool | None], *, now: datetime) -> None:
    if version.approved_at is None:
        raise Refused(_("Nobody has approved this holding statement yet."))
    if holding.is_over(version, now=now):
        raise Refused(
            _("This holding statement has ended. Give it a new end and have it approved again.")
        )
    if len(holds) != len(version.void_if) or None in holds:
        raise Refused(_("Answer each of the questions."))
    void = [question for question, yes in zip(version.void_if, holds, strict=True) if yes]
    if void:
        raise Refused(
            _("It is void, because of: %(why)s Begin an ordinary draft with its words instead.")
            % {"why": " ".join(void)}
        )


def _values(
    incident: Incident, version: TemplateVersion, typed: Mapping[str, str], *, now: datetime
) -> dict[str, str]:
    """Every variable of the text with its value: the incident's own cannot be typed over."""
    known = variables.known(version.text, incident, now=now)
    found = {}
    for name in variables.names(version.text):
        said = known.get(name) or " ".join(clean(typed.get(name, "")).split())
        if not said or len(said) > LONGEST_VALUE:
            raise Refused(
                _("Fill in %(name)s, in at most %(most)d characters.")
                % {"name": name, "most": LONGEST_VALUE}
            )
        found[name] = said
    return found


def _note_use(
    draft: Draft, version: TemplateVersion, values: dict[str, str], *, by: User, now: datetime
) -> None:
    HoldingUse.objects.create(
        draft=draft, version=version, values=values, sha256=latest_version(draft).sha256,
        used_by=by, used_at=now,
    )  # fmt: skip
    tell(
        draft, EntryKind.DRAFT, "holding_used", actor=by, now=now,
        template=version.template.name, count=len(version.void_if),
    )  # fmt: skip
