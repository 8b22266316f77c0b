"""Drafts, versions, approvals and publications for tests: rows as the services leave them."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from responses.enums import DraftState, Verdict
from responses.models import Approval, Draft, Publication, Version
from responses.services import chain
from tests.factories.accounts import UserFactory
from tests.factories.connectors import AccountFactory
from tests.factories.incidents import IncidentFactory

NOON = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)


class VersionFactory(DjangoModelFactory):
    """The next version of a draft, by its author."""

    class Meta:
        model = Version

    number = 1
    text = "We are sorry. Please do not eat batch L24-118."
    sha256 = factory.LazyAttribute(lambda each: hashlib.sha256(each.text.encode()).hexdigest())
    editor = factory.LazyAttribute(lambda each: each.draft.author)
    created_at = NOON


class DraftFactory(DjangoModelFactory):
    """A draft being written, with its first version."""

    class Meta:
        model = Draft
        skip_postgeneration_save = True

    incident = factory.SubFactory(IncidentFactory)
    number = factory.Sequence(lambda number: number + 1)
    title = "Holding statement"
    author = factory.SubFactory(UserFactory)
    created_at = NOON
    first = factory.RelatedFactory(VersionFactory, "draft")


def submitted(**kwargs: Any) -> Draft:
    """A draft that waits for those who may approve it, asked as submitting asks them."""
    draft: Draft = DraftFactory.create(state=DraftState.SUBMITTED, **kwargs)
    chain.begin(draft, draft.versions.get(), now=NOON)
    return draft


class ApprovalFactory(DjangoModelFactory):
    """A yes to a draft's first version, by somebody who wrote nothing of it."""

    class Meta:
        model = Approval

    version = factory.LazyAttribute(lambda each: DraftFactory.create().versions.get())
    approver = factory.SubFactory(UserFactory)
    verdict = Verdict.APPROVED
    sha256 = factory.LazyAttribute(lambda each: each.version.sha256)
    at = NOON


class PublicationFactory(DjangoModelFactory):
    """An approved draft's first version, waiting to go out through an account of its brand."""

    class Meta:
        model = Publication

    version = factory.LazyAttribute(lambda each: approved_version())
    account = factory.LazyAttribute(
        lambda each: AccountFactory.create(brand=each.version.draft.incident.brand)
    )
    sha256 = factory.LazyAttribute(lambda each: each.version.sha256)
    idempotency_key = factory.Sequence(lambda number: f"key-{number}")
    publish_at = NOON
    created_at = NOON


def approved_version(**draft: object) -> Version:
    """The first version of a new draft that somebody else has approved."""
    version = DraftFactory.create(state=DraftState.APPROVED, **draft).versions.get()
    ApprovalFactory.create(version=version)
    return version
