"""What import-linter cannot see: foreign keys, URL names and live arrows point down as well."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps

from tests.architecture.rooms import FLOORS, ROOT, may_know, modules, templates

URL_NAME = re.compile(r"([a-z_]+):[a-z_]+")
URL_TAG = re.compile(r"{%-?\s*url\s+[\"']([a-z_]+):")


def upward(room: str, others: set[str]) -> set[str]:
    return {other for other in others if other in FLOORS and not may_know(room, other)}


@pytest.mark.parametrize("room", FLOORS)
def test_relations_of_models_point_down(room: str) -> None:
    for model in apps.get_app_config(room).get_models():
        fields = [field for field in model._meta.get_fields() if field.concrete]
        related = {
            field.related_model._meta.app_label
            for field in fields
            if field.related_model and not isinstance(field.related_model, str)
        }
        assert not upward(room, related), model


@pytest.mark.parametrize("room", FLOORS)
def test_url_names_in_a_rooms_code_point_down(room: str) -> None:
    for path in modules(room):
        named = {
            match[1]
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            if (match := URL_NAME.fullmatch(node.value))
        }
        assert not upward(room, named), path


@pytest.mark.parametrize("path", templates(), ids=str)
def test_urls_in_a_rooms_templates_point_down(path: Path) -> None:
    room = path.relative_to(ROOT / "templates").parts[0]
    if room not in FLOORS:
        # The shell around every page belongs to the top.
        return
    assert not upward(room, set(URL_TAG.findall(path.read_text(encoding="utf-8"))))


def test_the_check_itself_can_fail() -> None:
    assert upward("monitoring", {"incidents", "accounts"}) == {"incidents"}
    assert upward("connectors", {"notifications"}) == {"notifications"}
    assert URL_TAG.findall("{% url 'incidents:list' %}") == ["incidents"]
