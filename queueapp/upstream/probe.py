"""What a hub answers, found out by asking it nothing that costs: for the person who sets a connection up."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from queueapp.upstream import addresses
from queueapp.upstream.catalog import ModelEntry
from queueapp.upstream.client import Client
from queueapp.upstream.clock import REPORTED_OFFSET
from queueapp.upstream.errors import InvalidKey, UpstreamError
from queueapp.upstream.history import Account
from queueapp.upstream.messages import Listing, Revision
from queueapp.upstream.urls import Origin

#: Seconds: to connect, the longest pause, and the whole of one call. A person waits for the answer.
TIMEOUTS, CALL_TIMEOUT = (5.0, 10.0), 20.0

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found out; None stands for what was not. `latency` and `clock_offset` (the hub's clock
    minus ours) are in seconds, `media_models` those that make images or videos, `owner` whose the key is,
    `balance` what that account can spend, in the hub's unit."""

    address: str
    reachable: bool = False
    key_accepted: bool | None = None
    revision: Revision | None = None
    namespace: str | None = None
    #: What the hub says against the use of the namespace that was set by hand.
    namespace_trouble: str = ""
    owner: str | None = None
    models: int | None = None
    media_models: int | None = None
    latency: float | None = None
    clock_offset: float | None = None
    balance: Decimal | None = None
    #: What stood in the way, in the hub's words or ours.
    last_error: str = ""

    @property
    def usable(self) -> bool:
        """Whether generations can be sent: nothing is known to stand in the way."""
        accepted = self.key_accepted is not False and not self.namespace_trouble
        return self.reachable and accepted and self.revision is not None

    def words(self) -> tuple[str, ...]:
        """The findings as plain sentences, the most important first."""
        if not self.reachable:
            return (_sentence(f"{self.address} cannot be used: {self.last_error or 'it does not answer'}"),)
        took = f" in {self.latency:.2f} s" if self.latency is not None else ""
        told = [f"{self.address} answers{took}.", self._key_words(), self._revision_words()]
        if words := self._namespace_words():
            told.append(words)
        if self.balance is not None:
            told.append(f"The key's account has a balance of {self.balance:,f}.")
        if self.models is not None:
            told.append(f"It lists {self.models} models; {self.media_models} make images or videos.")
        told = [*told, *self._clock_words(), *self._safety_words()]
        return tuple(sorted(told, key=lambda words: words not in self._obstacles()))

    def _obstacles(self) -> tuple[str, ...]:
        """Those of the sentences that say why nothing can be sent: a person reads them first."""
        found = {
            self._key_words(): self.key_accepted is False,
            self._namespace_words(): bool(self.namespace_trouble),
            self._revision_words(): self.revision is None,
        }
        return tuple(words for words, stands_in_the_way in found.items() if stands_in_the_way)

    def _key_words(self) -> str:
        if self.key_accepted is None:
            return "Whether the key is accepted could not be found out."
        if self.key_accepted:
            return "The key is accepted."
        return _sentence(f"The key is not accepted: {self.last_error}")

    def _revision_words(self) -> str:
        if self.revision is not None:
            return f"It speaks the {self.revision} revision of the queue protocol."
        why = f": {self.last_error}" if self.last_error and self.key_accepted is not False else ""
        return _sentence(f"Which revision of the queue protocol it speaks could not be found out{why}")

    def _namespace_words(self) -> str:
        if self.namespace_trouble:
            return _sentence(f"The namespace {self.namespace} cannot be used: {self.namespace_trouble}")
        if self.namespace and self.owner not in (None, self.namespace):
            return f"The key is {self.owner}'s; generations go to the namespace {self.namespace}, as set."
        if self.namespace:
            return f"Generations go to the namespace {self.namespace}."
        if self.key_accepted is False:
            return ""
        return "The hub does not say whose key this is: set the namespace by hand."

    def _clock_words(self) -> tuple[str, ...]:
        if self.clock_offset is None:
            return ()
        apart = abs(self.clock_offset)
        if apart <= REPORTED_OFFSET:
            return ("Its clock agrees with ours.",)
        return (f"Its clock is {apart:.0f} s {'ahead of' if self.clock_offset > 0 else 'behind'} ours.",)

    def _safety_words(self) -> tuple[str, ...]:
        try:
            origin = Origin.parse(self.address)
        except ValueError:
            return ()
        if origin.scheme == "https" or addresses.is_loopback(origin.host):
            return ()
        return ("The address begins with http://: the key travels unencrypted.",)


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def probe(
    base_url: str,
    key: str,
    namespace: str | None = None,
    *,
    timeouts: tuple[float, float] = TIMEOUTS,
    clock: Callable[[], float] = time.time,
) -> Probe:
    """Ask a hub who it is. Never raises. `namespace` is the one set by hand, needed to ask a classic hub
    that does not say whose key it is."""
    address = base_url.strip()
    try:
        with Client(base_url, key, timeouts=timeouts, call_timeout=CALL_TIMEOUT, clock=clock) as client:
            return _Prober(client).probe(namespace)
    except ValueError as error:
        return Probe("This address" if "@" in address else address, last_error=str(error))
    except Exception as error:  # The promise of a probe is an answer, whatever nobody thought of.
        return Probe("The hub", last_error=f"Asking it failed ({type(error).__name__}).")


class _Prober:
    """The questions of one probe, each building on the answers before."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.reachable = False
        self.key_accepted: bool | None = None
        self.last_error = ""
        self.namespace_trouble = ""
        self.error: UpstreamError | None = None

    def probe(self, namespace: str | None) -> Probe:
        client = self.client
        models = self._ask(client.list_models)
        latency = client.latency
        revision: Revision | None = None
        account: Account | None = None
        owner: str | None = None
        if self.reachable:
            account = self._ask(client.get_account, essential=False)
            owner = account.namespace if account else None
            self.key_accepted = True if account else self.key_accepted
            revision = self._revision(models or (), namespace or owner)
            if revision is Revision.CURRENT and namespace not in (None, owner):
                self._use(namespace)
        return Probe(
            address=client.base_url,
            reachable=self.reachable,
            key_accepted=self.key_accepted,
            revision=revision,
            namespace=namespace or owner,
            namespace_trouble=self.namespace_trouble,
            owner=owner,
            models=None if models is None else len(models),
            media_models=None if models is None else sum(model.media_type is not None for model in models),
            latency=latency,
            clock_offset=client.clock_offset,
            balance=account.balance if account else None,
            last_error=self.last_error,
        )

    def _ask(self, question: Callable[[], Answer], *, essential: bool = True) -> Answer | None:
        """The answer, or None with `error` set. What an essential question met is the probe's trouble."""
        self.error = None
        try:
            answer = question()
        except UpstreamError as error:
            self.error = error
            self.reachable = self.reachable or error.status is not None
            if error.status == 401:
                self.key_accepted = False
            # The first refusal of the key explains every trouble after it.
            if error.status == 401 or (essential and self.key_accepted is not False):
                self.last_error = error.message
            return None
        self.reachable = True
        return answer

    def _refused(self, *statuses: int) -> bool:
        return isinstance(self.error, UpstreamError) and self.error.status in statuses

    def _revision(self, models: tuple[ModelEntry, ...], namespace: str | None) -> Revision | None:
        name = next((model.id for model in models if model.media_type), None)
        self.client.revision = Revision.CURRENT
        listed = self._ask(self.client.list_generations)
        if self._refused(400, 422) and name:
            # It lists, but wants to know which model: so does a bridge hub.
            self.client.revision = Revision.BRIDGE
            listed = self._ask(lambda: self.client.list_generations(name))
        elif self._refused(404, 405):
            return self._classic(name, namespace)
        if listed is None:
            self.key_accepted = False if isinstance(self.error, InvalidKey) else self.key_accepted
            return None
        self.key_accepted, self.last_error = True, ""
        return self.client.revision if self.client.revision is Revision.BRIDGE else self._by_history(listed)

    def _by_history(self, listed: Listing) -> Revision | None:
        """Only current hubs keep a history; that is what tells them from bridge hubs with an empty list."""
        if self._ask(lambda: self.client.list_history(page_size=1), essential=False) is not None:
            return Revision.CURRENT
        if self._refused(404, 405):
            return Revision.BRIDGE
        self.last_error = self.error.message if self.error else ""
        return Revision.CURRENT if any(row.state for row in listed.rows) else None

    def _use(self, namespace: str | None) -> None:
        """Whether the key may see another's namespace, for what is made there must be watched."""
        self._ask(lambda: self.client.list_generations(namespace=namespace), essential=False)
        if self.error is not None and self._refused(400, 403, 404, 422):
            self.namespace_trouble = self.error.message

    def _classic(self, name: str | None, namespace: str | None) -> Revision | None:
        """A hub whose queue cannot be listed is a classic one, if it is a hub at all."""
        if name is None:
            return None
        if self.key_accepted is not False:
            self.last_error = ""
        if namespace:
            self.client.revision = Revision.CLASSIC
            if self._ask(lambda: self.client.list_generations(name, namespace)) is None:
                return None
            self.key_accepted = True
        return Revision.CLASSIC
