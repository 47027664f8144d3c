"""What the stand-in hub knows: accounts, models, generations, and the clock they live by."""

import json
import queue
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.hub.ledger import HubGeneration, Ledger

MODELS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("models.json").read_text())
KEY = "oxen-key-of-alice-0123456789"
#: What a generation costs here.
PRICES = {"image": Decimal("0.04"), "video": Decimal("0.35")}


class World:
    """The state of a hub. Tests change it through the verbs here and through its plain attributes.

    With `seconds=(least, most)` generations end by themselves after a time between the two; without, they
    go on until `finish`, `fail`, or `advance` past `due`. `keys` maps a key to its user's namespace;
    `credits` a namespace to what it can spend (without an entry: anything). `unlisted` models are found
    by search but not listed; `keyed_results` are links that want the key in place of presigned ones.
    """

    def __init__(
        self,
        revision: str = "current",
        *,
        models: Sequence[Mapping[str, Any]] = MODELS,
        keys: Mapping[str, str] | None = None,
        credits: Mapping[str, Decimal] | None = None,
        seconds: tuple[float, float] | None = None,
        seed: int = 0,
        unlisted: Sequence[str] = (),
        keyed_results: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.revision = revision
        self.models = {str(model["id"]): dict(model) for model in models}
        self.keys = dict(keys or {KEY: "alice"})
        self.key = next(iter(self.keys))
        self.namespaces = set(self.keys.values()) | set(credits or {})
        self.credits = dict(credits or {})
        self.seconds = seconds
        self.unlisted = set(unlisted)
        self.keyed_results = keyed_results
        #: The highest num_generations.
        self.limit = 4
        #: Seconds that the clock it shows (Date, enqueued_at) is off.
        self.skew = 0.0
        #: Whether submitted parameters cover the system's fields of the same name in a row.
        self.params_on_top = False
        #: Whether GET /api/users/me is there, and whether a model comes under `data`.
        self.tells_account = True
        self.model_under_data = False
        #: Seconds between two comments on an idle stream of events.
        self.keep_alive = 15.0
        #: Further pages by path: what a `Reply` is given for.
        self.pages: dict[str, Any] = {}
        self.ledger = Ledger()
        self.lock = threading.RLock()
        self.results_url = ""
        self._clock, self._ahead = clock, 0.0
        self._links = 1
        self._random = random.Random(seed)
        self._streams: list[tuple[str, queue.Queue[str | None]]] = []
        self._wake = threading.Condition(self.lock)
        self._ended = False
        self._ticker: threading.Thread | None = None

    # Time

    def now(self) -> float:
        return self._clock() + self._ahead

    def told_now(self) -> float:
        return self.now() + self.skew

    def advance(self, seconds: float) -> None:
        """Let time pass, and what falls due in it end."""
        with self.lock:
            self._ahead += seconds
            self._end_due()

    def begin(self) -> None:
        if self.seconds is not None:
            self._ticker = threading.Thread(target=self._tick, name="hub's clock")
            self._ticker.start()

    def end(self) -> None:
        with self.lock:
            self._ended = True
            self._wake.notify_all()
            for _, news in self._streams:
                news.put(None)
        if self._ticker:
            self._ticker.join()

    def _tick(self) -> None:
        with self.lock:
            while not self._ended:
                self._end_due()
                dues = [made.due for made in self.ledger.live if made.due is not None]
                self._wake.wait(max(min(dues) - self.now(), 0.001) if dues else None)

    def _end_due(self) -> None:
        for made in self.ledger.live:
            if made.due is not None and made.due <= self.now():
                self.finish(made.id)

    # Generations

    def make(
        self,
        model: str,
        params: Mapping[str, Any],
        *,
        user: str = "alice",
        namespace: str | None = None,
        post: int | None = None,
    ) -> HubGeneration:
        """Take one generation in and bill it. Called by a test, it is one that somebody else enqueued."""
        with self.lock:
            kind = self.media_type(model) or "image"
            due = None if self.seconds is None else self.now() + self._random.uniform(*self.seconds)
            made = HubGeneration(
                id=str(uuid.uuid4()),
                model=model,
                media_type=kind,
                user=user,
                namespace=namespace or user,
                params=dict(params),
                post=post,
                at=self.now(),
                billed=PRICES[kind],
                due=due,
            )
            if self.revision != "current":
                made.state, made.started_at = "processing", made.at
            self.ledger.generations[made.id] = made
            if made.namespace in self.credits:
                self.credits[made.namespace] -= made.billed
            self._wake.notify_all()
            return made

    def start(self, generation: str) -> None:
        made = self.ledger.generations[generation]
        made.state, made.started_at = "processing", self.now()

    def finish(self, generation: str) -> None:
        """End it with a result."""
        self._over(generation, "succeeded")

    def fail(self, generation: str, error: str = "Getting model response error: 422") -> None:
        self._over(generation, "failed", error)

    def cancel(self, generation: str) -> bool:
        """Whether there was something left to cancel. Nothing is told on the stream for it."""
        with self.lock:
            made = self.ledger.generations.get(generation)
            if made is None or not made.live:
                return False
            made.state, made.ended_at = "cancelled", self.now()
            return True

    def _over(self, generation: str, state: str, error: str | None = None) -> None:
        with self.lock:
            made = self.ledger.generations[generation]
            if not made.live:
                return
            made.state, made.ended_at, made.error = state, self.now(), error
            made.started_at = made.started_at or made.ended_at
            data = {"generation_id": made.id, "status": state, "media_type": made.media_type}
            if state == "succeeded":
                data |= {"model": made.model, "url": self.link(made)}
            else:
                data |= {"error": error or ""}
            self.tell(made.user, "media_generation_completed", data)

    def media_type(self, model: str) -> str | None:
        outputs = self.models.get(model, {}).get("capabilities", {}).get("output", [])
        return next((kind for kind in ("image", "video") if kind in outputs), None)

    # Links to results

    def link(self, made: HubGeneration) -> str:
        name = f"{made.id}.{'mp4' if made.media_type == 'video' else 'png'}"
        if self.keyed_results:
            return f"{self.results_url}/api/files/{name}"
        return f"{self.results_url}/results/{name}?signature={self._links}"

    def expire_links(self) -> None:
        """Make all presigned links told so far answer 403; the row then tells a fresh one."""
        self._links += 1

    def signed(self, signature: str | None) -> bool:
        return signature == str(self._links)

    # Accounts and events

    def user_of(self, key: str | None) -> str | None:
        return self.keys.get(key or "")

    def tell(self, user: str, kind: str, data: Mapping[str, Any]) -> None:
        """Send an event to everybody who listens as `user`; nobody else ever gets it."""
        self.say(user, f"event: {kind}\ndata: {json.dumps(data)}\n\n")

    def say(self, user: str, text: str) -> None:
        with self.lock:
            for listener, news in self._streams:
                if listener == user:
                    news.put(text)

    def hang_up_streams(self) -> None:
        with self.lock:
            for _, news in self._streams:
                news.put(None)

    @property
    def listeners(self) -> int:
        return len(self._streams)

    @contextmanager
    def listening(self, user: str) -> Iterator[Callable[[], str | None]]:
        news: queue.Queue[str | None] = queue.Queue()
        entry = (user, news)
        with self.lock:
            if self._ended:
                news.put(None)
            self._streams.append(entry)

        def next_text() -> str | None:
            try:
                return news.get(timeout=self.keep_alive)
            except queue.Empty:
                return ": keep-alive\n\n"

        try:
            yield next_text
        finally:
            with self.lock:
                self._streams.remove(entry)
