"""Call a hub with one API key: every call of the queue protocol, in its three revisions.

Each call returns a message or raises an UpstreamError, and nothing else. Several threads may call at once.
The key is sent to the hub's own scheme, host and port only, and is in no error, repr or log.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from queueapp.upstream.base_client import BaseClient
from queueapp.upstream.catalog import ModelEntry
from queueapp.upstream.download import DownloadedFile, download
from queueapp.upstream.errors import NotSupported, RequestRejected
from queueapp.upstream.events import EventStream
from queueapp.upstream.history import Account, History, HistoryEntry
from queueapp.upstream.limits import DOWNLOAD_TIMEOUT, EVENT_READ_TIMEOUT
from queueapp.upstream.messages import Enqueued, Listing, Revision, Row
from queueapp.upstream.parsing import as_object, error_text
from queueapp.upstream.transport import Response
from queueapp.upstream.urls import id_segment, model_path, path_segment

#: Entries on one page of the history, at most.
MAX_PAGE_SIZE = 1000


class Client(BaseClient):
    """A connection to one hub, with a method for each call."""

    # The queue

    def enqueue(self, model: str, params: Mapping[str, Any], count: int) -> Enqueued:
        """Request `count` generations, which are billed, with one POST that is never repeated.

        There are three outcomes. Ids are returned, perhaps fewer or more than `count`. Or an error is
        raised whose `may_have_happened` is false: nothing was made. Or AmbiguousResponse is raised:
        generations may have been made and billed.
        """
        request_body = self._enqueue_body(model, params, count)
        response = self._call("POST", "/api/ai/queue", body=request_body, fresh=True)
        body = self._parse(response, creates=True)
        if enqueued := Enqueued.parse(body):
            return enqueued
        ambiguous = self._ambiguous(response, "The response contains no generation id.")
        if as_object(body).get("error"):
            message = error_text(body, self._redact) or "The hub made nothing and gave no reason."
            raise RequestRejected(message, status=response.status, raw=ambiguous.raw)
        raise ambiguous

    def _enqueue_body(self, model: str, params: Mapping[str, Any], count: int) -> bytes:
        fields = {**params, "model": model, "num_generations": count}
        fields.pop("target_namespace", None)
        if self.namespace:
            fields["target_namespace"] = self.namespace
        try:
            return json.dumps(fields, allow_nan=False).encode()
        except (ValueError, TypeError, RecursionError):
            raise RequestRejected("The parameters cannot be sent as JSON.") from None

    def list_generations(
        self, model: str | None = None, namespace: str | None = None, *, status: str | None = None
    ) -> Listing:
        """Return the active generations, or on a current hub those with the given `status`.

        `namespace` defaults to the client's. A classic hub lists one model of one namespace, a bridge hub
        one model. Raises AmbiguousResponse for a list that may be incomplete.
        """
        namespace = namespace or self.namespace
        path, query = "/api/ai/queue", {"model": model}
        if self.revision is Revision.CLASSIC:
            if not model or not namespace:
                raise NotSupported("A classic hub lists one model of one namespace at a time.")
            path = f"/api/media/generations/status/{path_segment(namespace)}/{model_path(model)}"
            query = {}
        elif self.revision is Revision.CURRENT:
            query |= {"namespace": namespace, "status": status}
        response = self._call("GET", path, query=query)
        listing = Listing.parse(self._parse(response), self._redact, self.revision)
        if listing is None:
            raise self._ambiguous(response, "The response is not a complete list.")
        return listing

    def get_generation(self, generation_id: str) -> Row:
        """Return one generation.

        Raises NotFoundAtHub if the hub has none of that id, or on a bridge hub if it has ended.
        """
        if self.revision is Revision.CLASSIC:
            raise NotSupported("A classic hub cannot be asked about a single generation.")
        response = self._call("GET", f"/api/ai/queue/{id_segment(generation_id)}")
        row = Row.parse(self._parse(response, may_be_missing=True), self._redact, self.revision)
        if row is None or row.id != generation_id:
            raise self._ambiguous(response, "The response is not the requested generation.")
        return row

    def cancel(self, generation_id: str) -> None:
        """Cancel an active generation. Raises NotFoundAtHub if it has ended or never existed."""
        path = f"/api/ai/queue/{id_segment(generation_id)}"
        if self.revision is Revision.CLASSIC:
            if not self.namespace:
                raise NotSupported("A classic hub cannot cancel without a namespace, and none is set.")
            path = f"/api/media/generations/{path_segment(self.namespace)}/{id_segment(generation_id)}"
        response = self._call("DELETE", path)
        body = as_object(self._parse(response, may_be_missing=True))
        if not body or body.get("error") or body.get("status") == "error":
            raise self._ambiguous(response, "The hub did not confirm the cancel.")

    # The catalog

    def list_models(self) -> tuple[ModelEntry, ...]:
        """Return the listed models. The call needs no key, and `search_models` can find more models."""
        return self._parse_models(self._call("GET", "/api/ai/models"))

    def search_models(self, text: str) -> tuple[ModelEntry, ...]:
        """Return the models that the hub's search finds."""
        return self._parse_models(self._call("GET", "/api/ai/models/search", query={"search": text}))

    def get_model(self, name: str) -> ModelEntry:
        """Return one model. Raises NotFoundAtHub if the hub has none of that name."""
        response = self._call("GET", f"/api/ai/models/{model_path(name)}")
        entry = ModelEntry.parse(self._parse(response, may_be_missing=True), self._redact)
        if entry is None:
            raise self._ambiguous(response, "The response is not a model.")
        return entry

    def _parse_models(self, response: Response) -> tuple[ModelEntry, ...]:
        body = self._parse(response)
        data = body if isinstance(body, list) else as_object(body).get("data")
        if not isinstance(data, list):
            raise self._ambiguous(response, "The response is not a list of models.")
        entries = (ModelEntry.parse(item, self._redact) for item in data)
        return tuple(entry for entry in entries if entry is not None)

    # The account

    def list_history(self, page: int = 1, page_size: int = 50) -> History:
        """Return one page of the account's generations with their costs, counted from page 1."""
        self._require_history()
        query = {"page": str(page), "page_size": str(min(max(page_size, 1), MAX_PAGE_SIZE))}
        response = self._call("GET", "/api/ai/generations", query=query)
        history = History.parse(self._parse(response), self._redact)
        if history is None:
            raise self._ambiguous(response, "The response is not a history.")
        return history

    def get_history_entry(self, generation_id: str) -> HistoryEntry:
        """Return one generation with its cost. Raises NotFoundAtHub if the history has none of that id."""
        self._require_history()
        response = self._call("GET", f"/api/ai/generations/{id_segment(generation_id)}")
        entry = HistoryEntry.parse(self._parse(response, may_be_missing=True), self._redact)
        if entry is None or entry.row.id != generation_id:
            raise self._ambiguous(response, "The response is not the requested generation.")
        return entry

    def get_account(self) -> Account:
        """Return the owner and the balance of the key.

        The call is undocumented. A hub without it causes NotFoundAtHub, RequestRejected or
        AmbiguousResponse.
        """
        response = self._call("GET", "/api/users/me")
        account = Account.parse(self._parse(response, may_be_missing=True))
        if account is None:
            raise self._ambiguous(response, "The response is not an account.")
        return account

    def _require_history(self) -> None:
        if self.revision is not Revision.CURRENT:
            raise NotSupported(f"A {self.revision} hub has no history.")

    # Events and results

    def open_events(
        self, should_stop: Callable[[], bool] = lambda: False, *, read_timeout: float = EVENT_READ_TIMEOUT
    ) -> EventStream:
        """Open the stream of completion events of this key's generations.

        It ends within 0.2 s after `should_stop` returns true, and raises when it breaks or is silent for
        `read_timeout` seconds. The caller opens it again; events in between are lost.
        """
        if self.revision is Revision.CLASSIC:
            raise NotSupported("A classic hub has no event stream.")
        return EventStream(self._transport, self.base_url + "/api/events", should_stop, read_timeout)

    def download(
        self, url: str, target: Path, max_bytes: int, *, seconds: float = DOWNLOAD_TIMEOUT
    ) -> DownloadedFile:
        """Download a result to the new file `target`, completely or not at all, within `seconds`.

        Raises LinkExpired if a new link is needed, and InvalidLink for a link that must not be followed
        (see `queueapp.upstream.download`) or a result of more than `max_bytes`.
        """
        return download(self._transport, self.base_url, url, target, max_bytes=max_bytes, timeout=seconds)
