"""Stored results, and downloads of results that only the hub has."""

from django.db import models
from django.utils import timezone

from queueapp.models.connections import Connection
from queueapp.models.generations import Generation


class Result(models.Model):
    """The stored output of a generation, described by its bytes. A generation has at most one."""

    generation = models.OneToOneField(
        Generation, on_delete=models.PROTECT, primary_key=True, related_name="result"
    )
    file = models.CharField(max_length=200, unique=True, help_text="Name in the private storage.")
    thumbnail = models.CharField(max_length=200, blank=True)
    content_type = models.CharField(max_length=50)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    seconds = models.FloatField(null=True, help_text="Duration of a video.")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.file


class Download(models.Model):
    """A result that is at the hub and not stored here yet. The row is deleted when the result is stored.

    `url` is empty if only the hub's id is known. `next_attempt_at` is null after Drover gave up.
    """

    generation = models.OneToOneField(
        Generation, on_delete=models.PROTECT, primary_key=True, related_name="download"
    )
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="downloads")
    url = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True, help_text="Why the last attempt failed.")
    next_attempt_at = models.DateTimeField(null=True, blank=True, db_index=True)
    lease_token = models.CharField(max_length=80, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return str(self.generation_id)


def get_result(generation: Generation) -> Result | None:
    """Return the stored result, or None."""
    return getattr(generation, "result", None)


def get_download(generation: Generation) -> Download | None:
    """Return the download of a result that is not stored yet, or None."""
    return getattr(generation, "download", None)
