"""Input files of submissions."""

import uuid

from django.db import models
from django.utils import timezone

from queueapp.models.accounts import Namespace


class Input(models.Model):
    """An image or video used as a parameter: stored once and referenced from the parameters.

    The content type of an uploaded file is detected from its bytes; that of a `data:` URI is taken from
    the URI.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="inputs")
    file = models.CharField(max_length=200, unique=True)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(
        null=True, help_text="When a submission first used it. Unused inputs are deleted after a day."
    )

    class Meta:
        indexes = [
            models.Index(fields=("created_at",), condition=models.Q(used_at=None), name="input_unused")
        ]

    def __str__(self) -> str:
        return str(self.id)
