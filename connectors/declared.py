"""Values for the fields that a network declares (connectors.base.Setting): read, judged, split.

Forms and the API both end here, so that a value is judged once and alike.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from core.errors import Refused
from core.text import clean

from .base import Setting

MAX_TEXT = 2_000
# Keys and certificates are pasted whole.
MAX_SECRET = 20_000
MAX_LINES = 500


class BadSetting(Refused):
    """One value cannot be used; `name` is its field's."""

    def __init__(self, message: str, *, name: str) -> None:
        super().__init__(message)
        self.name = name


def read(
    settings: Iterable[Setting], given: Mapping[str, Any], *, kept: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a value for every setting, from texts as typed or from values as sent by the API.

    An empty secret means the one that is `kept`. Raises BadSetting for a missing, unknown or
    unfit value.
    """
    settings = list(settings)
    for name in set(given) - {setting.name for setting in settings}:
        raise BadSetting(_("There is no setting %(name)s.") % {"name": name[:60]}, name=name)
    return {
        setting.name: _value(setting, given.get(setting.name), kept or {}) for setting in settings
    }


def split(
    settings: Iterable[Setting], values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what may be read by whoever manages the account, and what is kept encrypted."""
    config: dict[str, Any] = {}
    secrets: dict[str, Any] = {}
    for setting in settings:
        target = secrets if setting.secret else config
        target[setting.name] = values[setting.name]
    return config, secrets


def _value(setting: Setting, raw: Any, kept: Mapping[str, Any]) -> Any:
    value = _lines(raw) if setting.kind == "lines" else clean(str(raw if raw is not None else ""))
    value = value if isinstance(value, list) else value.strip()
    if not value:
        if setting.secret and kept.get(setting.name):
            return kept[setting.name]
        return _default(setting)
    _judge(setting, value)
    if setting.kind == "number":
        return _number(setting, str(value))
    return value


def _default(setting: Setting) -> Any:
    if setting.default not in ("", None):
        return setting.default
    if setting.required:
        words = _("%(field)s is missing.") % {"field": setting.label}
        raise BadSetting(words, name=setting.name)
    return {"lines": [], "number": None}.get(setting.kind, "")


def _judge(setting: Setting, value: Any) -> None:
    text = "\n".join(value) if isinstance(value, list) else value
    if len(text) > (MAX_SECRET if setting.secret or setting.kind == "lines" else MAX_TEXT):
        raise BadSetting(_("%(field)s is too long.") % {"field": setting.label}, name=setting.name)
    if setting.kind == "url" and not text.lower().startswith(("https://", "http://")):
        words = _("%(field)s must begin with https://.") % {"field": setting.label}
        raise BadSetting(words, name=setting.name)
    if setting.kind == "choice" and value not in dict(setting.choices):
        words = _("%(field)s is not one of the choices.") % {"field": setting.label}
        raise BadSetting(words, name=setting.name)
    if setting.must_hold not in text:
        words = _("%(field)s needs %(piece)s in it.")
        words = words % {"field": setting.label, "piece": setting.must_hold}
        raise BadSetting(words, name=setting.name)


def _number(setting: Setting, value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 15:
        words = _("%(field)s must be a whole number.") % {"field": setting.label}
        raise BadSetting(words, name=setting.name)
    return int(value)


def _lines(raw: Any) -> list[str]:
    given = raw if isinstance(raw, list) else str(raw or "").splitlines()
    lines = [clean(str(line)).strip() for line in given[:MAX_LINES]]
    return list(dict.fromkeys(line for line in lines if line))
