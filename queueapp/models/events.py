"""Timelines of generations."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from queueapp.models.generations import STATE_CHOICES, Generation


class Event(models.Model):
    """One line of a generation's timeline.

    It is written in the transaction of the change that it records, and never changed afterwards.
    """

    class Kind(models.TextChoices):
        STATE_CHANGED = "state_changed", "State changed"
        RENDER_STARTED = "render_started", "Rendering started"
        EXTRA_GENERATIONS = "extra_generations", "Extra generations"
        CANCEL_REQUESTED = "cancel_requested", "Cancel requested"
        CANCEL_ANSWERED = "cancel_answered", "Cancel answered"
        CANCEL_REFUSED = "cancel_refused", "Cancel refused"
        COMPLETED_LATE = "completed_late", "Completed late"
        COST_RECORDED = "cost_recorded", "Cost recorded"
        RESULT_STORED = "result_stored", "Result stored"
        DOWNLOAD_FAILED = "download_failed", "Download failed"
        DOWNLOAD_GIVEN_UP = "download_given_up", "Download given up"

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=30, choices=Kind)
    state = models.CharField(
        max_length=10, choices=STATE_CHOICES, blank=True, help_text="The new state, if the state changed."
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    text = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("at", "id")
        indexes = [models.Index(fields=("generation", "at"), name="event_of_generation")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.text}".strip()
