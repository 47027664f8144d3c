"""The models that connections offer."""

from django.db import models
from django.db.models.functions import Now

from queueapp.models.connections import Connection


class MediaModel(models.Model):
    """One model of a connection's catalog, as the hub describes it.

    `median_seconds` and `p95_seconds` are the median and the 95th percentile of the latest durations from
    release to end. They are null until a generation of the model has ended.
    """

    class Media(models.TextChoices):
        IMAGE = "image", "Image"
        VIDEO = "video", "Video"
        OTHER = "", "Neither"

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="catalog")
    name = models.CharField(max_length=200)
    display_name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    owned_by = models.CharField(max_length=100, blank=True)
    media_type = models.CharField(max_length=5, choices=Media, blank=True)
    endpoint = models.CharField(max_length=200, blank=True)
    capabilities = models.JSONField(default=dict)
    pricing = models.JSONField(null=True, blank=True)
    request_schema = models.JSONField(default=dict)
    enabled = models.BooleanField(
        default=True, help_text="When off, the model cannot be chosen for new generations."
    )
    listed = models.BooleanField(
        default=True, editable=False, help_text="Whether the connection still offers the model."
    )
    preferred = models.BooleanField(
        default=False, help_text="Show the model first and preselect it for users who have not chosen one."
    )
    defaults = models.JSONField(
        default=dict,
        blank=True,
        help_text='Initial values of the form, by parameter. Example: {"seed": 7}',
    )
    median_seconds = models.FloatField(null=True, editable=False)
    p95_seconds = models.FloatField(null=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ("connection", "name")
        constraints = [models.UniqueConstraint(fields=("connection", "name"), name="one_model_per_name")]
        indexes = [models.Index(fields=("name",), name="model_by_name")]

    def __str__(self) -> str:
        return self.name
