"""Who does the work now: the pump's lease, signs of life, and whose turn it is."""

from django.conf import settings
from django.db import models

from queueapp.models.connections import Connection


class Lease(models.Model):
    """The right to be the one pump. `fence` rises with every new holder: an old one cannot write.

    `bells` counts what happened that the pump should look at; `stopping_until` asks it to leave.
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
    """When a part of the worker was last seen doing its work."""

    name = models.CharField(max_length=30, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"


class FairShare(models.Model):
    """When a person's work was last released to a connection: the longest ago, or never, goes next."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("connection", "user"), name="one_turn_per_person")]

    def __str__(self) -> str:
        return f"{self.user} at {self.connection}"
