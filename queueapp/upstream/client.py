"""A hub, as one key sees it: every call of the queue protocol in its three revisions.

Each call returns a message or raises an UpstreamError, nothing else (and ValueError from the constructor).
Calls may be made from several threads at once. The key goes to the hub's own scheme, host and port alone
and stands in no error, no repr and no log.
"""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests

from queueapp.upstream.catalog import ModelEntry
from queueapp.upstream.download import DownloadedFile, download
from queueapp.upstream.errors import NotSupported, RequestRejected
from queueapp.upstream.events import EventStream
from queueapp.upstream.history import Account, History, HistoryEntry
from queueapp.upstream.messages import Enqueued, Listing, Revision, Row
from queueapp.upstream.parsing import Json, as_object, error_text
from queueapp.upstream.responses import ambiguous_response, parse_response
from queueapp.upstream.transport import Response, Transport
from queueapp.upstream.urls import (
    Origin,
    id_segment,
    model_path,
    normalize_base_url,
    normalize_key,
    path_segment,
)

#: Bytes of one answer of the API. A list echoes submitted parameters, `data:` URIs included, at worst.
MAX_RESPONSE_BYTES = 8 * 1024 * 1024
#: Seconds for one whole call but the upload of its inputs, however slowly it trickles.
CALL_TIMEOUT = 25.0
#: Bytes a second: a request has as much more time as its upload takes on a line of a megabit.
MIN_UPLOAD_RATE = 125_000
#: Seconds for the whole of one result.
DOWNLOAD_TIMEOUT = 1800.0
#: Seconds without a byte after which a stream of events is dead; the hub sends a comment every 15 s.
EVENT_SILENCE_TIMEOUT = 45.0


def upload_seconds(size: int) -> float:
    """Seconds that sending so many bytes may take."""
    return size / MIN_UPLOAD_RATE


class Client:
    """One connection to one hub.

    `timeouts` are the seconds to connect and the longest pause in an answer; `deadline` those for a whole
    call but its upload. `clock` is Unix time. `session` replaces the pooled session that each thread
    otherwise gets.
    Raises ValueError, with words for a person, for an address or a key that cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        namespace: str | None = None,
        revision: Revision | str = Revision.CLASSIC,
        timeouts: tuple[float, float] = (5.0, 30.0),
        call_timeout: float = CALL_TIMEOUT,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        session: requests.Session | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.base_url = normalize_base_url(base_url)
        self.namespace = namespace or None
        self.revision = Revision(revision)
        #: The hub's clock minus ours in seconds (give or take one), as its last answer told; else None.
        self.clock_offset: float | None = None
        #: Seconds that the last answer took.
        self.latency: float | None = None
        self._call_timeout = call_timeout
        self._max_response_bytes = max_response_bytes
        self._transport = Transport(
            normalize_key(key), Origin.parse(self.base_url), timeouts=timeouts, clock=clock, session=session
        )
        self._clean = self._transport.clean

    def __repr__(self) -> str:
        return f"<Client {self.base_url} {self.revision} namespace={self.namespace!r}>"

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the kept connections of all threads. The client can still be used."""
        self._transport.close()

    # The queue

    def enqueue(self, model: str, params: Mapping[str, Any], count: int) -> Enqueued:
        """Have `count` generations made and billed: one POST, never repeated by itself.

        Afterwards exactly one is true: ids came back (perhaps fewer or more than `count`); an error whose
        `may_have_happened` is false, and nothing was made; or Unclear, and nobody can say.
        """
        order = {**params, "model": model, "num_generations": count}
        order.pop("target_namespace", None)
        if self.namespace:
            order["target_namespace"] = self.namespace
        try:
            sent = json.dumps(order, allow_nan=False).encode()
        except (ValueError, TypeError, RecursionError):
            raise RequestRejected("The parameters cannot be written as JSON.") from None
        answer = self._ask("POST", "/api/ai/queue", body=sent, fresh=True)
        body = parse_response(answer, self._clean, self._transport.clock, made=True)
        if made := Enqueued.read(body):
            return made
        if as_object(body).get("error"):
            words = error_text(body, self._clean) or "The hub made nothing and gave no reason."
            raise RequestRejected(
                words, status=answer.status, raw=ambiguous_response(answer, "", self._clean).raw
            )
        raise ambiguous_response(answer, "The hub's answer names no generation.", self._clean)

    def list_generations(
        self, model: str | None = None, namespace: str | None = None, *, status: str | None = None
    ) -> Listing:
        """The generations the hub lists: those still going, or on a current hub those in `status`.

        `namespace` defaults to the client's own. A classic hub lists one model of one namespace at a time;
        a bridge hub lists by model. Only a whole, well-formed list is returned: Unclear for anything else.
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
        answer = self._ask("GET", path, query=query)
        body = parse_response(answer, self._clean, self._transport.clock)
        found = Listing.read(body, self._clean, self.revision)
        if found is None:
            raise ambiguous_response(answer, "The answer is not a well-formed list.", self._clean)
        return found

    def get_generation(self, generation: str) -> Row:
        """One generation. NotThere when the hub has none of that id (on a bridge hub: or it has ended)."""
        if self.revision is Revision.CLASSIC:
            raise NotSupported("A classic hub tells nothing about a single generation.")
        answer = self._ask("GET", f"/api/ai/queue/{id_segment(generation)}")
        row = Row.read(self._found(answer), self._clean, self.revision)
        if row is None or row.id != generation:
            raise ambiguous_response(answer, "The answer is not the generation asked for.", self._clean)
        return row

    def cancel(self, generation: str) -> None:
        """Stop a generation that has not ended. NotThere when it has, or never was."""
        path = f"/api/ai/queue/{id_segment(generation)}"
        if self.revision is Revision.CLASSIC:
            if not self.namespace:
                raise NotSupported("A classic hub cancels by namespace, and none is set.")
            path = f"/api/media/generations/{path_segment(self.namespace)}/{id_segment(generation)}"
        answer = self._ask("DELETE", path)
        body = as_object(self._found(answer))
        if not body or body.get("error") or body.get("status") == "error":
            raise ambiguous_response(answer, "The hub did not say that it cancelled.", self._clean)

    # The catalog

    def list_models(self) -> tuple[ModelEntry, ...]:
        """The catalog as the hub lists it. It answers without a key and can omit what the search finds."""
        return self._entries(self._ask("GET", "/api/ai/models"))

    def search_models(self, text: str) -> tuple[ModelEntry, ...]:
        """The models that the hub's search finds."""
        return self._entries(self._ask("GET", "/api/ai/models/search", query={"search": text}))

    def get_model(self, name: str) -> ModelEntry:
        """One model. NotThere when the hub has none of that name."""
        answer = self._ask("GET", f"/api/ai/models/{model_path(name)}")
        entry = ModelEntry.read(self._found(answer), self._clean)
        if entry is None:
            raise ambiguous_response(answer, "The answer is not a model.", self._clean)
        return entry

    def _entries(self, answer: Response) -> tuple[ModelEntry, ...]:
        body = parse_response(answer, self._clean, self._transport.clock)
        told = body if isinstance(body, list) else as_object(body).get("data")
        if not isinstance(told, list):
            raise ambiguous_response(answer, "The answer is not a list of models.", self._clean)
        entries = (ModelEntry.read(entry, self._clean) for entry in told)
        return tuple(entry for entry in entries if entry is not None)

    # The account

    def list_history(self, page: int = 1, page_size: int = 50) -> History:
        """One page of what the account made, with costs; `page` from 1, `page_size` up to 1000."""
        self._current_only("a history")
        query = {"page": str(page), "page_size": str(min(max(page_size, 1), 1000))}
        answer = self._ask("GET", "/api/ai/generations", query=query)
        found = History.read(parse_response(answer, self._clean, self._transport.clock), self._clean)
        if found is None:
            raise ambiguous_response(answer, "The answer is not a history.", self._clean)
        return found

    def get_history_entry(self, generation: str) -> HistoryEntry:
        """One generation with its cost, from the history. NotThere when it has none of that id."""
        self._current_only("a history")
        answer = self._ask("GET", f"/api/ai/generations/{id_segment(generation)}")
        entry = HistoryEntry.read(self._found(answer), self._clean)
        if entry is None or entry.row.id != generation:
            raise ambiguous_response(answer, "The answer is not the generation asked for.", self._clean)
        return entry

    def get_account(self) -> Account:
        """Whose key this is. Undocumented: a hub without it raises NotThere, Refused or Unclear."""
        answer = self._ask("GET", "/api/users/me")
        account = Account.read(self._found(answer))
        if account is None:
            raise ambiguous_response(answer, "The answer is not an account.", self._clean)
        return account

    # Endings and results

    def open_events(
        self, stop: Callable[[], bool] = lambda: False, *, silence: float = EVENT_SILENCE_TIMEOUT
    ) -> EventStream:
        """The endings of this key's generations as they happen; open once this returns.

        Iterate over it, in a `with`. It ends when `stop` says so (looked at every 0.2 s) and raises when
        the stream breaks off or is silent for `silence` seconds; connecting again is up to the caller, and
        what ended in between was not told.
        """
        if self.revision is Revision.CLASSIC:
            raise NotSupported("A classic hub tells no events.")
        return EventStream(self._transport, self.base_url + "/api/events", stop, silence)

    def download(
        self, url: str, target: Path, cap: int, *, seconds: float = DOWNLOAD_TIMEOUT
    ) -> DownloadedFile:
        """Store what a result's link leads to in the new file `target`: whole, or not at all.

        `cap` is in bytes, `seconds` for all of it. Raises LinkExpired when a fresh link is wanted, BadLink
        for one that must not be followed (see fetch.py) or holds more than `cap`.
        """
        return download(self._transport, self.base_url, url, target, cap=cap, seconds=seconds)

    # Plumbing

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | None] | None = None,
        body: bytes | None = None,
        fresh: bool = False,
    ) -> Response:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        answer = self._transport.exchange(
            method,
            self.base_url + path,
            cap=self._max_response_bytes,
            seconds=self._call_timeout + upload_seconds(len(body or b"")),
            query={name: value for name, value in (query or {}).items() if value},
            headers=headers,
            body=body,
            fresh=fresh,
        )
        if answer.clock_offset is not None:
            self.clock_offset = answer.clock_offset
        self.latency = answer.seconds
        return answer

    def _found(self, answer: Response) -> Json:
        return parse_response(answer, self._clean, self._transport.clock, missing=True)

    def _current_only(self, what: str) -> None:
        if self.revision is not Revision.CURRENT:
            raise NotSupported(f"A {self.revision} hub has no {what.removeprefix('a ')}.")
