"""What holds for every template and style sheet: it compiles, and all that it names is there."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template

ROOT = settings.BASE_DIR / "templates"
TEMPLATES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.html"))
SPRITE = (settings.BASE_DIR / "static/vendor/tabler/icons.svg").read_text(encoding="utf-8")
ICONS = set(re.findall(r'<symbol id="([a-z0-9-]+)"', SPRITE))
COMMENTS = re.compile(r"{% comment %}.*?{% endcomment %}|{#.*?#}", re.S)


def source(name: str) -> str:
    return COMMENTS.sub("", (ROOT / name).read_text(encoding="utf-8"))


def test_there_are_templates_to_look_at() -> None:
    assert "base.html" in TEMPLATES
    assert len(ICONS) > 50


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_compiles(name: str) -> None:
    get_template(name)


@pytest.mark.parametrize("name", TEMPLATES)
def test_its_icons_are_in_the_sprite(name: str) -> None:
    used = set(re.findall(r"{% icon [\"']([^\"']+)[\"']", source(name)))
    assert used <= ICONS


@pytest.mark.parametrize("name", TEMPLATES)
def test_its_static_files_exist(name: str) -> None:
    used = re.findall(r"{% static [\"']([^\"']+)[\"']", source(name))
    assert [path for path in used if finders.find(path) is None] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_link_to_another_site_tells_it_nothing(name: str) -> None:
    for tag in re.findall(r"<a\b[^>]*target=\"_blank\"[^>]*>", source(name)):
        assert 'rel="noopener noreferrer nofollow ugc"' in tag


def test_icons_named_in_python_are_in_the_sprite() -> None:
    from core.markup import NETWORK_ICONS
    from core.navigation import ENTRIES
    from crisisdesk.overview import HEALTH

    named = {*NETWORK_ICONS.values(), *(entry.icon for entry in ENTRIES)}
    assert named | {icon for icon, _word in HEALTH.values()} <= ICONS


def test_the_sprite_is_what_the_list_says() -> None:
    listed = Path(settings.BASE_DIR / "tools/vendor/icons.txt").read_text(encoding="utf-8").split()
    assert set(listed) == ICONS


@pytest.mark.parametrize(
    "path", sorted((settings.BASE_DIR / "static/css").glob("*.css")), ids=lambda path: path.name
)
def test_style_sheets_load_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "@import" not in text
    assert re.findall(r"url\((?!\.\./vendor/)", text) == []
