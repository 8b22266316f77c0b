"""What a call carries, checked by a serializer."""

from typing import Any

from rest_framework import serializers


def checked(serializer: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    """Return the valid values. Raises ValidationError: answered by 400 with the fields."""
    given = serializer(data=data)
    given.is_valid(raise_exception=True)
    values: dict[str, Any] = given.validated_data
    return values
