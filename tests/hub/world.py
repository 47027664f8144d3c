"""The state of the stand-in hub: accounts, models, generations, and the clock by which they end."""

import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.hub.event_streams import EventStreams
from tests.hub.ledger import HubGeneration, Ledger

MODELS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("models.json").read_text())
KEY = "oxen-key-of-alice-0123456789"
#: The price of one generation.
PRICES = {"image": Decimal("0.04"), "video": Decimal("0.35")}


class World(EventStreams):
    """The state of a hub. Tests change it through its methods and its plain attributes.

    With `seconds=(least, most)` generations end by themselves after a random time between the two. Without
    it they are active until `finish` or `fail`. `keys` maps API keys to the namespaces of their users,
    `credits` namespaces to what they can spend (unlimited without an entry). `unlisted` models are found
    by the search only. With `keyed_results`, links to results need the key instead of a signature.
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
        super().__init__()
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
        self.max_generations = 4
        #: Seconds by which the clock that clients see (`Date`, `enqueued_at`) is wrong.
        self.skew = 0.0
        #: Whether submitted parameters replace the hub's fields of the same name in a row.
        self.params_on_top = False
        #: Whether the hub has GET /api/users/me.
        self.tells_account = True
        #: Whether a single model is sent under `data`.
        self.model_under_data = False
        #: Further pages: a `Reply` by path.
        self.pages: dict[str, Any] = {}
        self.ledger = Ledger()
        self.results_url = ""
        self._clock, self._ahead = clock, 0.0
        self._signature = 1
        self._random = random.Random(seed)
        self._wake = threading.Condition(self.lock)
        self._ticker: threading.Thread | None = None

    # Time

    def now(self) -> float:
        return self._clock() + self._ahead

    def shown_now(self) -> float:
        """Return the time on the clock that clients see."""
        return self.now() + self.skew

    def advance(self, seconds: float) -> None:
        """Move the clock forward, and end the generations that are due."""
        with self.lock:
            self._ahead += seconds
            self._end_due()

    def start_ticker(self) -> None:
        if self.seconds is not None:
            self._ticker = threading.Thread(target=self._tick, name="hub's clock")
            self._ticker.start()

    def shut_down(self) -> None:
        """End the streams and the ticker."""
        with self.lock:
            self.end_streams()
            self._wake.notify_all()
        if self._ticker:
            self._ticker.join()

    def _tick(self) -> None:
        with self.lock:
            while not self.streams_ended:
                self._end_due()
                dues = [generation.due for generation in self.ledger.live if generation.due is not None]
                self._wake.wait(max(min(dues) - self.now(), 0.001) if dues else None)

    def _end_due(self) -> None:
        for generation in self.ledger.live:
            if generation.due is not None and generation.due <= self.now():
                self.finish(generation.id)

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
        """Create and bill one generation. A test that calls this stands for another client of the hub."""
        with self.lock:
            media_type = self.media_type(model) or "image"
            due = None if self.seconds is None else self.now() + self._random.uniform(*self.seconds)
            generation = HubGeneration(
                id=str(uuid.uuid4()),
                model=model,
                media_type=media_type,
                user=user,
                namespace=namespace or user,
                params=dict(params),
                post=post,
                enqueued_at=self.now(),
                billed=PRICES[media_type],
                due=due,
            )
            if self.revision != "current":
                self._start(generation)
            self.ledger.generations[generation.id] = generation
            if generation.namespace in self.credits:
                self.credits[generation.namespace] -= generation.billed
            self._wake.notify_all()
            return generation

    def start(self, generation_id: str) -> None:
        self._start(self.ledger.generations[generation_id])

    def _start(self, generation: HubGeneration) -> None:
        generation.state, generation.started_at = "processing", self.now()

    def finish(self, generation_id: str) -> None:
        """End a generation with a result."""
        self._end(generation_id, "succeeded")

    def fail(self, generation_id: str, error: str = "Getting model response error: 422") -> None:
        self._end(generation_id, "failed", error)

    def cancel(self, generation_id: str) -> bool:
        """Cancel a generation, without an event. Return False if it is not active."""
        with self.lock:
            generation = self.ledger.generations.get(generation_id)
            if generation is None or not generation.live:
                return False
            generation.state, generation.ended_at = "cancelled", self.now()
            return True

    def _end(self, generation_id: str, state: str, error: str | None = None) -> None:
        with self.lock:
            generation = self.ledger.generations[generation_id]
            if not generation.live:
                return
            generation.state, generation.ended_at, generation.error = state, self.now(), error
            generation.started_at = generation.started_at or generation.ended_at
            data = {"generation_id": generation.id, "status": state, "media_type": generation.media_type}
            if state == "succeeded":
                data |= {"model": generation.model, "url": self.result_link(generation)}
            else:
                data |= {"error": error or ""}
            self.send_event(generation.user, "media_generation_completed", data)

    def media_type(self, model: str) -> str | None:
        outputs = self.models.get(model, {}).get("capabilities", {}).get("output", [])
        return next((media_type for media_type in ("image", "video") if media_type in outputs), None)

    # Links to results

    def result_link(self, generation: HubGeneration) -> str:
        name = f"{generation.id}.{'mp4' if generation.media_type == 'video' else 'png'}"
        if self.keyed_results:
            return f"{self.results_url}/api/files/{name}"
        return f"{self.results_url}/results/{name}?signature={self._signature}"

    def expire_links(self) -> None:
        """Make all earlier presigned links answer 403. A row then has a new link."""
        self._signature += 1

    def is_valid_signature(self, signature: str | None) -> bool:
        return signature == str(self._signature)
