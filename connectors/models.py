"""Accounts on networks, and the simulated network."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.words import Words


class ConnectedAccount(models.Model):
    """An account through which a brand reads or publishes. Credentials are encrypted at rest."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="accounts")
    # A name of connectors.registry.
    network = models.CharField(max_length=40)
    name = models.CharField(_("name"), max_length=120)
    config = models.JSONField(default=dict)
    # Written and read through connectors.credentials only.
    sealed = models.BinaryField(default=b"")
    is_active = models.BooleanField(default=True)
    # core.words.Words.stored().
    error = models.TextField(blank=True)
    error_at = models.DateTimeField(null=True)
    # When the credentials end, where the network says.
    expires_at = models.DateTimeField(null=True)
    # When somebody last entered credentials: what was stopped before this is tried again.
    connected_at = models.DateTimeField(default=timezone.now)
    # While somebody renews the credentials: nobody else does before this.
    renewing_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["brand", "network", "name"], name="one_account_a_name")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.network})"

    @property
    def problem(self) -> str:
        """What is wrong with it and what to do, in the active language."""
        return str(Words.of(self.error))


class Budget(models.Model):
    """What a network said is left for one credential, shared by all who call with it."""

    # See connectors.budget.key: an account, or a network that counts by our address.
    key = models.CharField(max_length=80, primary_key=True)
    left = models.IntegerField()
    # Of how many; where the network does not say, the most that was seen left in this window. 0:
    # nothing is known but that we are to wait.
    limit = models.PositiveIntegerField()
    resets_at = models.DateTimeField(null=True)
    # Not before this, by the network's own word (Retry-After).
    wait_until = models.DateTimeField(null=True)
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key}: {self.left} of {self.limit}"


class SimulatedPost(models.Model):
    """A post on the simulated network: for the demo, drills and tests. Never leaves this house.

    The script of a demo or drill is written ahead: a post can be read from `appears_at` on, so
    that a simulated crisis needs no player process and goes on after a restart.
    """

    # Which simulated world: a brand's demo, one drill, one test.
    world = models.CharField(max_length=60)
    # The network it pretends to be on: "x", "facebook", "news", …
    network = models.CharField(max_length=40, default="simulator")
    author = models.CharField(max_length=120)
    followers = models.PositiveIntegerField(default=0)
    text = models.TextField()
    lang = models.CharField(max_length=8, blank=True)
    appears_at = models.DateTimeField()
    # Set where CrisisDesk itself published it: the idempotency key of the publication.
    idempotency_key = models.CharField(max_length=64, null=True, unique=True)
    in_reply_to = models.ForeignKey("self", models.SET_NULL, null=True, related_name="replies")

    class Meta:
        indexes: ClassVar[list] = [
            # The simulator's reader: what appeared since the cursor.
            models.Index(fields=["world", "appears_at", "id"], name="simulated_by_time")
        ]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:40]}"
