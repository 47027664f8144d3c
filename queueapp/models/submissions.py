"""Submissions: requests for one or more generations."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from queueapp.models.accounts import ApiToken, Namespace
from queueapp.models.catalog import MediaModel
from queueapp.models.fields import JsonTextField


class Submission(models.Model):
    """One enqueue request: a model, unchanged parameters, and a number of generations."""

    class Source(models.TextChoices):
        PAGE = "page", "Page"
        API = "api", "API"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="submissions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="submissions")
    token = models.ForeignKey(ApiToken, on_delete=models.SET_NULL, null=True, blank=True)
    source = models.CharField(max_length=4, choices=Source, default=Source.PAGE)
    model = models.ForeignKey(MediaModel, on_delete=models.PROTECT, related_name="submissions")
    model_name = models.CharField(
        max_length=300, help_text="The model name as requested. Lists by model accept this name."
    )
    params = JsonTextField(default=dict)
    target_namespace = models.CharField(
        max_length=150, null=True, blank=True, help_text="As requested. Null if the request had none."
    )
    prompt = models.TextField(blank=True, help_text="Copy for search. The original is in the parameters.")
    num_generations = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=("-created_at", "-id"), name="submission_newest")]

    def __str__(self) -> str:
        return f"{self.model_name} ×{self.num_generations}"
