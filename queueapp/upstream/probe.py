"""Determine a hub's revision, key and namespace with calls that cost nothing."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from queueapp.upstream.catalog import ModelEntry
from queueapp.upstream.client import Client
from queueapp.upstream.errors import InvalidKey, UpstreamError
from queueapp.upstream.history import Account
from queueapp.upstream.messages import Listing, Revision
from queueapp.upstream.probe_report import Probe

#: Seconds to connect and between two reads, and for one whole call. An admin waits for the result.
TIMEOUTS, CALL_TIMEOUT = (5.0, 10.0), 20.0

T = TypeVar("T")


def probe(
    base_url: str,
    key: str,
    namespace: str | None = None,
    *,
    timeouts: tuple[float, float] = TIMEOUTS,
    clock: Callable[[], float] = time.time,
) -> Probe:
    """Call a hub and return what it answers. Never raises.

    `namespace` is the configured one. A classic hub that does not report the owner of the key needs it.
    """
    address = base_url.strip()
    try:
        with Client(base_url, key, timeouts=timeouts, call_timeout=CALL_TIMEOUT, clock=clock) as client:
            return _Prober(client, namespace).run()
    except ValueError as error:
        # An address with an @ may contain a password, so it is not repeated.
        return Probe("This address" if "@" in address else address, error=str(error))
    except Exception as error:  # An unforeseen error must not break the admin's page.
        return Probe("The hub", error=f"the check failed ({type(error).__name__})")


class _Prober:
    """The calls of one probe. Each call depends on the responses to those before."""

    def __init__(self, client: Client, namespace: str | None) -> None:
        self.client = client
        self.configured_namespace = namespace
        self.reachable = False
        self.key_accepted: bool | None = None
        self.namespace_error = ""
        #: The error for the report.
        self.error = ""
        #: The error of the last call.
        self.last_error: UpstreamError | None = None

    def run(self) -> Probe:
        """Make the calls and return the result."""
        client, configured = self.client, self.configured_namespace
        models = self._try(client.list_models)
        latency = client.latency
        revision: Revision | None = None
        account: Account | None = None
        if self.reachable:
            account = self._try(client.get_account, optional=True)
            self.key_accepted = True if account else self.key_accepted
        owner = account.namespace if account else None
        namespace = configured or owner
        if self.reachable:
            revision = self._detect_revision(models or (), namespace)
            if revision is Revision.CURRENT and configured not in (None, owner):
                self._check_namespace(configured)
        return Probe(
            address=client.base_url,
            reachable=self.reachable,
            key_accepted=self.key_accepted,
            revision=revision,
            namespace=namespace,
            namespace_error=self.namespace_error,
            owner=owner,
            models=None if models is None else len(models),
            media_models=None if models is None else sum(model.media_type is not None for model in models),
            latency=latency,
            clock_offset=client.clock_offset,
            balance=account.balance if account else None,
            error=self.error,
        )

    def _try(self, call: Callable[[], T], *, optional: bool = False) -> T | None:
        """Return what a call returns, or None and remember its error.

        The error is reported unless the call is optional. A rejected key is always reported, and no later
        error replaces it, because it explains them.
        """
        self.last_error = None
        try:
            result = call()
        except UpstreamError as error:
            self.last_error = error
            self.reachable = self.reachable or error.status is not None
            if error.status == 401:
                self.key_accepted = False
            if error.status == 401 or (not optional and self.key_accepted is not False):
                self.error = error.message
            return None
        self.reachable = True
        return result

    def _last_status(self) -> int | None:
        """Return the HTTP status of the last call's error."""
        return self.last_error.status if self.last_error is not None else None

    def _detect_revision(self, models: Sequence[ModelEntry], namespace: str | None) -> Revision | None:
        """Try the list of a current hub, then that of a bridge hub or of a classic hub."""
        client = self.client
        model = next((entry.id for entry in models if entry.media_type), None)
        client.revision = Revision.CURRENT
        listing = self._try(client.list_generations)
        if self._last_status() in (400, 422) and model:
            # The hub has this list but requires a model: it is a bridge hub.
            client.revision = Revision.BRIDGE
            listing = self._try(lambda: client.list_generations(model))
        elif self._last_status() in (404, 405):
            return self._check_classic(model, namespace)
        if listing is None:
            self.key_accepted = False if isinstance(self.last_error, InvalidKey) else self.key_accepted
            return None
        self.key_accepted, self.error = True, ""
        return Revision.BRIDGE if client.revision is Revision.BRIDGE else self._check_history(listing)

    def _check_history(self, listing: Listing) -> Revision | None:
        """Tell a current hub from a bridge hub: only a current hub has a history."""
        if self._try(lambda: self.client.list_history(page_size=1), optional=True) is not None:
            return Revision.CURRENT
        if self._last_status() in (404, 405):
            return Revision.BRIDGE
        self.error = self.last_error.message if self.last_error else ""
        return Revision.CURRENT if any(row.state for row in listing.rows) else None

    def _check_namespace(self, namespace: str | None) -> None:
        """Check that the key may list a namespace that is not its owner's."""
        self._try(lambda: self.client.list_generations(namespace=namespace), optional=True)
        if self.last_error is not None and self._last_status() in (400, 403, 404, 422):
            self.namespace_error = self.last_error.message

    def _check_classic(self, model: str | None, namespace: str | None) -> Revision | None:
        """Treat a hub without the list of newer revisions as a classic one, if it has models."""
        if model is None:
            return None
        if self.key_accepted is not False:
            self.error = ""
        if namespace:
            self.client.revision = Revision.CLASSIC
            if self._try(lambda: self.client.list_generations(model, namespace)) is None:
                return None
            self.key_accepted = True
        return Revision.CLASSIC
