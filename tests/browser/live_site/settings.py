"""The whole product with one more page: everything that the scripts can do, on one screen."""

from pathlib import Path

from tests.settings import *  # noqa: F403
from tests.settings import STATICFILES_DIRS, TEMPLATES

HERE = Path(__file__).parent
ROOT_URLCONF = "tests.browser.live_site.urls"
TEMPLATES[0]["DIRS"] = [*TEMPLATES[0]["DIRS"], HERE / "templates"]
STATICFILES_DIRS = [*STATICFILES_DIRS, HERE / "static"]
