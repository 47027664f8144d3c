"""The result of probing a hub, and its report in sentences for the admin."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from queueapp.upstream import addresses
from queueapp.upstream.clock import REPORTED_OFFSET
from queueapp.upstream.messages import Revision
from queueapp.upstream.urls import Origin


@dataclass(frozen=True, slots=True)
class Probe:
    """The answers of a hub. None means that it could not be determined.

    `latency` and `clock_offset` (the hub's clock minus ours) are in seconds. `owner` is the namespace of
    the key, `balance` what its account can spend, in the hub's unit. `media_models` counts the models
    that produce images or videos.
    """

    address: str
    reachable: bool = False
    key_accepted: bool | None = None
    revision: Revision | None = None
    #: The configured namespace, else the owner's.
    namespace: str | None = None
    #: Why the hub does not allow the configured namespace.
    namespace_error: str = ""
    owner: str | None = None
    models: int | None = None
    media_models: int | None = None
    latency: float | None = None
    clock_offset: float | None = None
    balance: Decimal | None = None
    #: The first error, in the hub's words or ours.
    error: str = ""

    @property
    def usable(self) -> bool:
        """Return whether generations can be sent, as far as is known."""
        key_works = self.key_accepted is not False and not self.namespace_error
        return self.reachable and key_works and self.revision is not None

    def report_lines(self) -> tuple[str, ...]:
        """Return the report as sentences. Those that explain why the hub is not usable come first."""
        if not self.reachable:
            return (_sentence(f"{self.address} cannot be used: {self.error or 'it does not respond'}"),)
        obstacles: list[str] = []
        findings = [self._response_line()]
        for is_obstacle, line in (
            (self.key_accepted is False, self._key_line()),
            (self.revision is None, self._revision_line()),
            (bool(self.namespace_error), self._namespace_line()),
        ):
            if line:
                (obstacles if is_obstacle else findings).append(line)
        return (*obstacles, *findings, *self._detail_lines())

    def _response_line(self) -> str:
        seconds = f" in {self.latency:.2f} s" if self.latency is not None else ""
        return f"{self.address} responds{seconds}."

    def _key_line(self) -> str:
        if self.key_accepted is None:
            return "The key could not be checked."
        if self.key_accepted:
            return "The key is accepted."
        return _sentence(f"The key is not accepted: {self.error}")

    def _revision_line(self) -> str:
        if self.revision is not None:
            return f"It uses the {self.revision} revision of the queue protocol."
        reason = f": {self.error}" if self.error and self.key_accepted is not False else ""
        return _sentence(f"The revision of the queue protocol could not be determined{reason}")

    def _namespace_line(self) -> str:
        if self.namespace_error:
            return _sentence(f"The namespace {self.namespace} cannot be used: {self.namespace_error}")
        if self.namespace and self.owner not in (None, self.namespace):
            return (
                f"The key belongs to {self.owner}. Generations go to the namespace {self.namespace}, as set."
            )
        if self.namespace:
            return f"Generations go to the namespace {self.namespace}."
        if self.key_accepted is False:
            return ""
        return "The hub does not report the owner of the key. Enter the namespace."

    def _detail_lines(self) -> Iterator[str]:
        if self.balance is not None:
            yield f"The account has a balance of {self.balance:,f}."
        if self.models is not None:
            yield f"It lists {self.models} models. {self.media_models} of them produce images or videos."
        if self.clock_offset is not None:
            yield self._clock_line(self.clock_offset)
        if self._sends_key_unencrypted():
            yield "The address starts with http://, so the key is sent unencrypted."

    @staticmethod
    def _clock_line(offset: float) -> str:
        if abs(offset) <= REPORTED_OFFSET:
            return "Its clock agrees with this server's."
        direction = "ahead of" if offset > 0 else "behind"
        return f"Its clock is {abs(offset):.0f} s {direction} this server's."

    def _sends_key_unencrypted(self) -> bool:
        try:
            origin = Origin.parse(self.address)
        except ValueError:
            return False
        return origin.scheme == "http" and not addresses.is_loopback(origin.host)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
