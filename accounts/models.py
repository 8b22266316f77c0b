"""People, brands, who is what to which brand, and the trail of what was done."""

from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import connection, models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from .enums import Role


class Theme(models.TextChoices):
    SYSTEM = "SYSTEM", _("Same as the device")
    LIGHT = "LIGHT", _("Light")
    DARK = "DARK", _("Dark")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Signs in by e-mail; rights come from memberships, never from `is_superuser`."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    title = models.CharField(_("title"), max_length=120, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=8, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Copenhagen")
    theme = models.CharField(_("theme"), max_length=8, choices=Theme, default=Theme.SYSTEM)
    shortcuts = models.BooleanField(_("single-key shortcuts"), default=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(Lower("email"), name="user_email_any_case")
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @cached_property
    def roles(self) -> dict[int, Role]:
        """Role by brand id, read once per request. Every page asks: by a query ready made."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT brand_id, role FROM accounts_membership WHERE user_id = %s ORDER BY id",
                [self.pk],
            )
            return {brand_id: Role(role) for brand_id, role in cursor.fetchall()}

    @property
    def initials(self) -> str:
        words = (self.name or self.email).split()
        return "".join(word[0] for word in (words[0], words[-1])[: len(words)]).upper()


class BrandQuerySet(models.QuerySet["Brand"]):
    def visible_to(self, user: User) -> "BrandQuerySet":
        return self.filter(pk__in=user.roles)


class Brand(models.Model):
    """What is watched and spoken for: the unit that rights, mentions and incidents belong to."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    slug = models.SlugField(unique=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Copenhagen")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BrandQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    brand = models.ForeignKey(Brand, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["user", "brand"], name="one_role_per_brand")
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role} of {self.brand}"


class Invitation(models.Model):
    """A link that makes its holder a member. Only the link's digest is kept."""

    brand = models.ForeignKey(Brand, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=16, choices=Role)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.email} to {self.brand}"


class ApiToken(models.Model):
    """A key to the API that acts as its user. Shown once; only its digest is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = models.CharField(_("name"), max_length=120)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class AuditEntry(models.Model):
    """What was done, by whom, to what. Append-only: a trigger refuses UPDATE and DELETE.

    `digest` covers the entry and the digest before it, so that a changed or missing entry shows.
    """

    number = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    brand_id = models.BigIntegerField(null=True, db_index=True)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=120, blank=True)
    detail = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]

    def __str__(self) -> str:
        return f"{self.number} {self.action}"


class AuditHead(models.Model):
    """The end of the audit trail: one row, locked by whoever adds an entry.

    A sequence with "the latest row" forks under load: two writers see the same predecessor.
    """

    number = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"
