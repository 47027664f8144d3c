"""Tables that coordinate the worker processes: the poller's lease, heartbeats, and fair shares."""

from django.conf import settings
from django.db import models

from queueapp.models.connections import Connection


class Lease(models.Model):
    """The right to run the poller; at most one process holds it.

    `fence` increases with every new holder, so that writes of an earlier holder can be rejected. `wakeups`
    counts the changes that the poller should react to at once. Until `stop_requested_until` every poller
    stops.
    """

    name = models.CharField(max_length=30, primary_key=True)
    holder = models.CharField(max_length=80, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    expires_at = models.DateTimeField(null=True)
    wakeups = models.PositiveBigIntegerField(default=0)
    stop_requested_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Heartbeat(models.Model):
    """The last time that a part of the worker reported that it runs."""

    name = models.CharField(max_length=30, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"


class FairShare(models.Model):
    """The last time that a user's submission was released to a connection; null if never.

    The user with the oldest time is next, users with null before all others.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("connection", "user"), name="one_fair_share_per_user")]

    def __str__(self) -> str:
        return f"{self.user} at {self.connection}"
