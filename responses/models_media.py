"""Images that a draft's versions show."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class DraftImage(models.Model):
    """An image of a draft, drawn anew by us: its bytes are what goes out, and hold nothing else.

    They are in the database, not beside evidence on the disk, so that triggers (migration 0020) can
    compute the digest themselves and refuse any change. A version names the images that it shows,
    with their alt texts, by digest.
    """

    draft = models.ForeignKey("responses.Draft", models.CASCADE, related_name="images")
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    data = models.BinaryField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    uploaded_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["draft", "sha256"], name="one_image_a_digest")
        ]

    def __str__(self) -> str:
        return f"{self.media_type} {self.sha256[:12]}"
