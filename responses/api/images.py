"""A draft's images over the API: what they look like, and their bytes."""

from typing import Any

from rest_framework import serializers

from responses import placing
from responses.models import Version


class ImageOutput(serializers.Serializer):
    """An image in its place. `sha256` is of the bytes that go out, found at images/<sha256>/."""

    sha256 = serializers.CharField()
    alt = serializers.CharField()
    media_type = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class ImageInput(serializers.Serializer):
    """An image that was attached to this draft, and what is to be seen on it."""

    sha256 = serializers.RegexField("^[0-9a-f]{64}$")
    alt = serializers.CharField(max_length=placing.MOST_ALT, allow_blank=True, default="")


class ImageUpload(serializers.Serializer):
    """A still JPEG, PNG, WebP or GIF. `base_version` is the version that you read."""

    file = serializers.FileField()
    alt = serializers.CharField(max_length=placing.MOST_ALT, allow_blank=True, default="")
    base_version = serializers.IntegerField(min_value=1)


def pairs(wanted: list[dict[str, Any]] | None) -> list[tuple[str, str]] | None:
    """As the services take them."""
    return None if wanted is None else [(each["sha256"], each["alt"]) for each in wanted]


def with_one(version: Version, sha256: str, alt: str) -> list[tuple[str, str]]:
    """The version's images and one more at the end; the same one again gets the new alt text."""
    return list({**{each.sha256: each.alt for each in version.images}, sha256: alt}.items())
