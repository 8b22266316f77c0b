"""Where things stand on a statement site: permanent, so written once and never differently."""

from django.conf import settings

from responses.models_statement import Statement, StatementSite


def site(found: StatementSite) -> str:
    return f"{settings.STATEMENT_URL}/s/{found.slug}/"


def statement(found: Statement) -> str:
    return f"{site(found.site)}{found.slug}/"


def entry(found: Statement, number: int) -> str:
    return f"{statement(found)}{number}/"


def of_language(address: str, language: str, languages: list[str]) -> str:
    """The address of a page in a language; the main language has the bare one."""
    return address if language == languages[0] else f"{address}{language}/"
