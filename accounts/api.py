"""Brands over the API."""

from django.db.models import QuerySet
from rest_framework import mixins, serializers, viewsets

from .enums import Role
from .http import caller
from .models import Brand
from .selectors import visible_brands


class BrandOutput(serializers.ModelSerializer):
    """A brand, and what the caller is to it."""

    role = serializers.SerializerMethodField()

    class Meta:
        model = Brand
        fields = ("id", "slug", "name", "description", "time_zone", "role", "created_at")
        read_only_fields = fields

    def get_role(self, brand: Brand) -> str:
        role: Role = self.context["request"].user.roles[brand.pk]
        return role.value


class BrandViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """The brands the caller belongs to."""

    serializer_class = BrandOutput
    queryset = Brand.objects.none()

    def get_queryset(self) -> QuerySet[Brand]:
        return visible_brands(caller(self.request))
