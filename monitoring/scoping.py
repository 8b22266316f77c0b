"""Rows of a brand, for those who may see it."""

from django.db import models

from accounts.models import User


class BrandScoped(models.QuerySet):  # type: ignore[type-arg]
    """A queryset of a model with a `brand`."""

    def visible_to(self, user: User) -> "BrandScoped":
        return self.filter(brand_id__in=user.roles)
