"""What was asked for (submissions), what becomes of it (generations), and its traces."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from queueapp.models.accounts import ApiToken, Namespace
from queueapp.models.catalog import MediaModel
from queueapp.models.connections import Connection
from queueapp.models.fields import JsonTextField
from queueapp.states import ENDED, LIVE, STATE_GROUPS, STATE_TEXTS, State

STATE_CHOICES = [(state.value, STATE_TEXTS[state].label) for state in State]


def _values(states: tuple[State, ...]) -> list[str]:
    return [state.value for state in states]


def _group_of_state() -> models.Case:
    whens = [
        models.When(state__in=_values(group.states), then=models.Value(group.name)) for group in STATE_GROUPS
    ]
    return models.Case(*whens, default=models.Value(""))


# Partial indexes are found only by conditions without parameters: SQLite cannot tell, when it plans, that
# `state IN (?, ?)` means the same thing. Being live is therefore also written as "has not ended".
_LIVE = models.Q(ended_at=None)
_WAITING = models.Q(ended_at=None, released_at=None)


class Submission(models.Model):
    """One enqueue: a model, its parameters untouched, and how many generations of it."""

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
        max_length=300, help_text="As the caller wrote it; a list finds it by this name."
    )
    params = JsonTextField(default=dict)
    target_namespace = models.CharField(
        max_length=150, null=True, blank=True, help_text="As given; null when it was not."
    )
    prompt = models.TextField(blank=True, help_text="For search; the parameters hold the original.")
    num_generations = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=("-created_at", "-id"), name="submission_newest")]

    def __str__(self) -> str:
        return f"{self.model_name} ×{self.num_generations}"


class GenerationQuerySet(models.QuerySet["Generation"]):
    def live(self) -> "GenerationQuerySet":
        """Those that have not ended."""
        return self.filter(_LIVE)

    def waiting(self) -> "GenerationQuerySet":
        """Those still held here."""
        return self.filter(_WAITING)

    def at_work(self) -> "GenerationQuerySet":
        """Those that fill their connection's capacity."""
        return self.live().filter(released_at__isnull=False)


class Generation(models.Model):
    """One output of a submission; its id is the public one.

    `namespace`, `user`, `connection` and `model` repeat what the submission says (none of them ever
    changes) so that every list is one indexed query.
    """

    class CancelAnswer(models.TextChoices):
        STOPPED = "stopped", "It was stopped"
        TOO_LATE = "too late", "Too late"
        UNCLEAR = "unclear", "The answer was lost"
        REFUSED = "refused", "The hub refused to"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="generations")
    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="generations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="generations")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="generations")
    model = models.ForeignKey(MediaModel, on_delete=models.PROTECT, related_name="generations")
    ordinal = models.PositiveSmallIntegerField(help_text="Its place in the submission, from 0.")

    state = models.CharField(max_length=10, choices=STATE_CHOICES, default=State.QUEUED.value)
    state_group = models.GeneratedField(
        expression=_group_of_state(),
        output_field=models.CharField(max_length=10),
        db_persist=True,
        help_text="The filter of the table it stands in; one value, so that an index can find it.",
    )
    version = models.PositiveBigIntegerField(help_text="The namespace's version at the last change.")
    enqueued_at = models.DateTimeField()
    released_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was taken from the queue; null while it waits."
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True, help_text="Why it ended, in plain words.")
    raw_reason = models.TextField(blank=True, help_text="The backend's own words.")
    category = models.CharField(max_length=30, blank=True)

    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    attempts = models.PositiveSmallIntegerField(default=0, help_text="Times a worker took it up.")
    lease_token = models.CharField(max_length=80, blank=True, help_text="Who renders or sends it now.")
    lease_expires_at = models.DateTimeField(null=True, blank=True)

    upstream_id = models.CharField(max_length=100, blank=True, help_text="The hub's name for it.")
    posted_at = models.DateTimeField(
        null=True, blank=True, help_text="When its POST began; null while nothing was sent."
    )
    answered_at = models.DateTimeField(
        null=True, blank=True, help_text="When its POST was answered or given up."
    )
    last_polled_at = models.DateTimeField(null=True, blank=True)
    next_poll_at = models.DateTimeField(null=True, blank=True)
    missing_polls = models.PositiveSmallIntegerField(
        default=0, help_text="Well-formed lists in a row in which it was looked for and not found."
    )
    cancel_answer = models.CharField(
        max_length=10, choices=CancelAnswer, blank=True, help_text="What the hub said to the cancel."
    )
    completion_event = JsonTextField(
        null=True, blank=True, help_text="The ending as the hub's event told it."
    )
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    cost_check_at = models.DateTimeField(null=True, blank=True, help_text="When to ask for the cost.")

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
            models.Index(fields=("connection", "released_at"), condition=_LIVE, name="gen_at_work"),
            # The end stands in it although it is always null there: one more equality makes SQLite
            # prefer this index to one of the whole history, with statistics and without.
            models.Index(
                fields=("namespace", "ended_at", "model", "enqueued_at"),
                condition=_LIVE,
                name="gen_live_of_model",
            ),
            models.Index(
                fields=("connection", "user", "enqueued_at", "ordinal"),
                condition=_WAITING,
                name="gen_line_of_user",
            ),
            models.Index(
                fields=("connection", "cost_check_at"),
                condition=models.Q(cost_check_at__isnull=False),
                name="gen_cost_unknown",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=("submission", "ordinal"), name="one_place_each"),
            models.UniqueConstraint(
                fields=("connection", "upstream_id"),
                condition=~models.Q(upstream_id=""),
                name="one_generation_per_upstream_id",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=_values(LIVE), ended_at=None)
                | models.Q(state__in=_values(ENDED), ended_at__isnull=False),
                name="ended_when_it_has_ended",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def may_be_billed(self) -> bool:
        """Whether it was sent to a hub, which may have made and billed it whatever became of it here."""
        return self.posted_at is not None and self.connection.kind == Connection.Kind.UPSTREAM

    @property
    def is_cancelling(self) -> bool:
        return self.is_live and self.cancel_requested_at is not None


class Result(models.Model):
    """The stored output of a generation: one at most, checked by its bytes."""

    generation = models.OneToOneField(
        Generation, on_delete=models.PROTECT, primary_key=True, related_name="result"
    )
    file = models.CharField(max_length=200, unique=True, help_text="Name in the private storage.")
    thumbnail = models.CharField(max_length=200, blank=True)
    content_type = models.CharField(max_length=50)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    seconds = models.FloatField(null=True, help_text="Length of a video.")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.file


class Input(models.Model):
    """An image or video given as a parameter, stored once and named in the parameters.

    Its kind is told by its bytes where it was uploaded, and by the URI where a script sent a `data:` URI.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="inputs")
    file = models.CharField(max_length=200, unique=True)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(
        null=True, help_text="When a submission first named it; what none names is removed after a day."
    )

    class Meta:
        indexes = [
            models.Index(fields=("created_at",), condition=models.Q(used_at=None), name="input_unused")
        ]

    def __str__(self) -> str:
        return str(self.id)


class Download(models.Model):
    """A result that the hub has and Drover has not stored yet. Gone once it is stored.

    `url` is empty where only the hub's id is known. `next_try_at` is null when nobody tries any more.
    """

    generation = models.OneToOneField(
        Generation, on_delete=models.PROTECT, primary_key=True, related_name="download"
    )
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="downloads")
    url = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True, help_text="Why the last try failed.")
    next_attempt_at = models.DateTimeField(null=True, blank=True, db_index=True)
    lease_token = models.CharField(max_length=80, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return str(self.generation_id)


class Event(models.Model):
    """One line of a generation's timeline; written in the transaction of what it tells, never changed."""

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=30)
    state = models.CharField(max_length=10, choices=STATE_CHOICES, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    text = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("at", "id")
        indexes = [models.Index(fields=("generation", "at"), name="event_of_generation")]

    def __str__(self) -> str:
        return f"{self.kind} {self.text}".strip()
