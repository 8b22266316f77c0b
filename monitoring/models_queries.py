"""What is counted of each query, and how a process learns that a brand's queries changed."""

from typing import ClassVar

from django.db import models


class QueryCount(models.Model):
    """Mentions per hour of `published_at` that answered a query when they arrived.

    Counted in the transaction that writes them. A mention that answers two queries counts for both.
    """

    query = models.ForeignKey(
        "monitoring.Query", models.CASCADE, related_name="counts", db_index=False
    )
    hour = models.DateTimeField()
    total = models.PositiveIntegerField(default=0)
    negative = models.PositiveIntegerField(default=0)
    positive = models.PositiveIntegerField(default=0)
    reach = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["query", "hour"], name="one_query_count_an_hour")
        ]

    def __str__(self) -> str:
        return f"{self.query_id} {self.hour:%d %H}: {self.total}"


class QueryVersion(models.Model):
    """A new stamp whenever a query of the brand is made, changed or deleted, by whomever.

    What is compiled of the queries is kept with the stamp it was made for. A trigger writes it
    (migration 0008); no foreign key, for it is written while a brand is being deleted, too.
    """

    brand_id = models.BigIntegerField(primary_key=True)
    stamp = models.UUIDField()

    def __str__(self) -> str:
        return f"{self.brand_id} {self.stamp}"
