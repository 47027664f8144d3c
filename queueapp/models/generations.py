"""Generations: the outputs of submissions, with their state and what is known of them at the backend."""

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.db import models

from queueapp.models.accounts import Namespace
from queueapp.models.catalog import MediaModel
from queueapp.models.connections import Connection
from queueapp.models.fields import JsonTextField
from queueapp.models.submissions import Submission
from queueapp.states import ENDED, LIVE, STATE_GROUPS, STATE_TEXTS, State

STATE_CHOICES = [(state.value, STATE_TEXTS[state].label) for state in State]


def _values(states: tuple[State, ...]) -> list[str]:
    return [state.value for state in states]


def _state_group_expression() -> models.Case:
    cases = [
        models.When(state__in=_values(group.states), then=models.Value(group.name)) for group in STATE_GROUPS
    ]
    return models.Case(*cases, default=models.Value(""))


# SQLite uses a partial index only if the query repeats the condition of the index without parameters. A
# condition like `state IN (?, ?)` never matches, so "live" is also expressed as "has not ended".
_LIVE = models.Q(ended_at=None)
_WAITING = models.Q(ended_at=None, released_at=None)


class GenerationQuerySet(models.QuerySet["Generation"]):
    def live(self) -> "GenerationQuerySet":
        """Filter to generations that have not ended."""
        return self.filter(_LIVE)

    def waiting(self) -> "GenerationQuerySet":
        """Filter to generations that have not been released to a backend."""
        return self.filter(_WAITING)

    def in_flight(self) -> "GenerationQuerySet":
        """Filter to released generations that have not ended. They use the capacity of their connection."""
        return self.live().filter(released_at__isnull=False)

    def among(self, generations: Iterable["Generation"]) -> "GenerationQuerySet":
        """Filter to the rows of these generations."""
        return self.filter(pk__in=[generation.pk for generation in generations])


class Generation(models.Model):
    """One output of a submission. Its id is public.

    `namespace`, `user`, `connection` and `model` are copies from the submission and never change. With
    them every list is one indexed query.
    """

    class CancelAnswer(models.TextChoices):
        STOPPED = "stopped", "Stopped"
        TOO_LATE = "too late", "Too late"
        UNCLEAR = "unclear", "Response lost"
        REFUSED = "refused", "Refused by the hub"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="generations")
    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="generations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="generations")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="generations")
    model = models.ForeignKey(MediaModel, on_delete=models.PROTECT, related_name="generations")
    ordinal = models.PositiveSmallIntegerField(help_text="Position in the submission, from 0.")

    state = models.CharField(max_length=10, choices=STATE_CHOICES, default=State.QUEUED.value)
    state_group = models.GeneratedField(
        expression=_state_group_expression(),
        output_field=models.CharField(max_length=10),
        db_persist=True,
        help_text="The state filter that shows it. One column, so that an index can serve the filter.",
    )
    version = models.PositiveBigIntegerField(help_text="Version of the namespace at the last change.")
    enqueued_at = models.DateTimeField()
    released_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was released to the backend. Null while it waits."
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it ended, as shown to users.")
    raw_reason = models.TextField(blank=True, help_text="The backend's own error text.")
    category = models.CharField(max_length=30, blank=True)

    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="How many times a worker started to render it."
    )
    lease_token = models.CharField(
        max_length=80, blank=True, help_text="Identifies the worker or poller that handles it."
    )
    lease_expires_at = models.DateTimeField(null=True, blank=True)

    upstream_id = models.CharField(max_length=100, blank=True, help_text="Id at the hub.")
    posted_at = models.DateTimeField(
        null=True, blank=True, help_text="When its POST began. Null if nothing was sent."
    )
    answered_at = models.DateTimeField(
        null=True, blank=True, help_text="When its POST was answered or given up."
    )
    last_polled_at = models.DateTimeField(null=True, blank=True)
    next_poll_at = models.DateTimeField(null=True, blank=True)
    missing_polls = models.PositiveSmallIntegerField(
        default=0, help_text="Successful polls in a row that did not find it."
    )
    cancel_answer = models.CharField(
        max_length=10, choices=CancelAnswer, blank=True, help_text="The hub's answer to the cancel request."
    )
    completion_event = JsonTextField(
        null=True, blank=True, help_text="The ending that the hub reported in its event stream."
    )
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    cost_check_at = models.DateTimeField(
        null=True, blank=True, help_text="When to ask the hub for the cost. Null for never."
    )

    objects = GenerationQuerySet.as_manager()

    class Meta:
        ordering = ("-enqueued_at", "-id")
        indexes = [
            models.Index(fields=("-enqueued_at", "-id"), name="gen_newest_of_all"),
            models.Index(fields=("namespace", "-enqueued_at", "-id"), name="gen_newest"),
            models.Index(
                fields=("namespace", "state_group", "-enqueued_at", "-id"), name="gen_newest_of_group"
            ),
            models.Index(fields=("namespace", "model", "-enqueued_at", "-id"), name="gen_newest_of_model"),
            models.Index(fields=("namespace", "version"), name="gen_changed"),
            models.Index(fields=("model", "state", "-ended_at"), name="gen_history_of_model"),
            models.Index(fields=("enqueued_at",), condition=_LIVE, name="gen_live_oldest"),
            models.Index(fields=("connection", "released_at"), condition=_LIVE, name="gen_in_flight"),
            # `ended_at` is always null here. As one more equality it makes SQLite prefer this index to the
            # indexes of the whole history, with and without statistics.
            models.Index(
                fields=("namespace", "ended_at", "model", "enqueued_at"),
                condition=_LIVE,
                name="gen_live_of_model",
            ),
            models.Index(
                fields=("connection", "user", "enqueued_at", "ordinal"),
                condition=_WAITING,
                name="gen_waiting_of_user",
            ),
            models.Index(
                fields=("connection", "cost_check_at"),
                condition=models.Q(cost_check_at__isnull=False),
                name="gen_cost_unknown",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=("submission", "ordinal"), name="one_generation_per_ordinal"),
            models.UniqueConstraint(
                fields=("connection", "upstream_id"),
                condition=~models.Q(upstream_id=""),
                name="one_generation_per_upstream_id",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=_values(LIVE), ended_at=None)
                | models.Q(state__in=_values(ENDED), ended_at__isnull=False),
                name="ended_at_matches_state",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_live(self) -> bool:
        """Return whether it has not ended."""
        return self.state in LIVE

    @property
    def may_be_billed(self) -> bool:
        """Return whether it was sent to a hub, which may have billed it whatever its state is here."""
        return self.posted_at is not None and self.connection.kind == Connection.Kind.UPSTREAM

    @property
    def is_cancelling(self) -> bool:
        """Return whether its cancel was requested and it has not ended yet."""
        return self.is_live and self.cancel_requested_at is not None
