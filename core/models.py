"""Rows of the floor: nothing here knows what an incident is."""

from django.db import models
from django.db.models.functions import Now


class LiveSequence(models.Model):
    """The number of the latest frame of a live group (see core.live)."""

    group = models.CharField(max_length=100, primary_key=True)
    number = models.BigIntegerField(default=0)
    # Tells a page that has just been opened whether something happened since it was rendered.
    changed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.group} at {self.number}"


class LoopBeat(models.Model):
    """When each loop of the engine last completed a full cycle, by the database's clock."""

    name = models.CharField(max_length=60, primary_key=True)
    beat_at = models.DateTimeField()
    # Seconds between cycles, so that an auditor can tell late from slow by design.
    every = models.FloatField()
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.name} at {self.beat_at:%H:%M:%S}"


class Home(models.Model):
    """Where this database lives: one row, by which a restored copy knows that it is one."""

    # Its cluster, its own number there, and that of this table, as core.home reads them.
    identity = models.CharField(max_length=100)
    # Since when nobody is called and nothing leaves the desk; a person ends that.
    held_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.identity
