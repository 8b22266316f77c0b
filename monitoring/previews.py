"""What would be read of an example of a webhook's call, while its mapping is being written."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from connectors.base import Post
from core.api.strict import BadJson
from core.errors import Refused

from . import mapped, payload
from .enums import RefusalCode
from .forms import SourceForm

SHOWN = 5


@dataclass(frozen=True)
class Preview:
    """`posts` are the first of `count`; `lines` are the mapping that was used."""

    posts: list[Post] = field(default_factory=list)
    count: int = 0
    refused: list[str] = field(default_factory=list)
    problem: str = ""
    lines: tuple[str, ...] = ()


def preview(form: SourceForm) -> Preview:
    """Read the example that was typed by the mapping that was typed; nothing is kept."""
    form.is_valid()
    example = str(form.cleaned_data.get("example") or "").encode()
    try:
        lines = mapped.lines_of(form.values or _typed(form))
        mapped.compiled(lines) if lines else None
        if not example:
            return Preview(lines=lines)
        carried = mapped.read(example, lines) if lines else payload.read(example)
    except (BadJson, Refused) as error:
        return Preview(problem=str(error))
    except payload.WrongShape:
        return Preview(problem=_("No list of mentions is found in it."), lines=lines)
    refused = [f"{each.field}: {RefusalCode(each.code).label}" for each in carried.refused[:SHOWN]]
    return Preview(carried.posts[:SHOWN], len(carried.posts), refused, lines=lines)


def _typed(form: SourceForm) -> dict[str, object]:
    """What was typed of the mapping, where something else in the form is not in order yet."""
    lines = str(form.data.get("mapping", "")).splitlines()
    return {
        "format": form.data.get("format", mapped.OWN),
        "mapping": [line.strip() for line in lines if line.strip()],
    }
