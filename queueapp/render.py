"""One render of the built-in engine, from taking hold of a generation to ending it."""

import logging
import tempfile
import time
from pathlib import Path

from django.db import DatabaseError

from queueapp import engine
from queueapp.models import Generation
from queueapp.params import problems
from queueapp.services import claims, results, workers
from queueapp.services.moves import move
from queueapp.states import State

log = logging.getLogger(__name__)

#: Seconds between looks at whether the work is still wanted.
LOOK = 0.4


class Checkpoint:
    """Called by the engine all along: renews the hold, and raises engine.Stopped when it is gone."""

    def __init__(self, generation: Generation, claim: str) -> None:
        self.generation = generation
        self.claim = claim
        self.next_look = 0.0

    def __call__(self) -> None:
        if time.monotonic() < self.next_look:
            return
        if not claims.renew(self.generation, self.claim):
            raise engine.Stopped
        workers.beat(workers.WORK)
        self.next_look = time.monotonic() + LOOK


def render(generation_id: str) -> None:
    """Make one generation, unless it is held, ended or unwanted. Safe to call any number of times."""
    claim = claims.new_claim()
    generation = claims.take(generation_id, claim)
    if generation is None:
        return
    found = problems(generation.model.request_schema, generation.submission.params)
    if found:
        words = "; ".join(f"{name}: {text}" for name, text in found.items())
        _fail(generation, claim, f"The model refused its parameters: {words}", "parameters")
        return
    try:
        _make(generation, claim)
    except engine.Stopped:
        claims.stop_if_asked(generation, where=claims.held_by(claim), text="While it was running.")
    except engine.Unrenderable as refusal:
        _fail(generation, claim, str(refusal), "parameters")
    except DatabaseError:
        # That says nothing about the generation: the hold lapses, and a worker takes it up again.
        raise
    except Exception as error:
        log.exception("Rendering %s failed.", generation_id)
        _fail(generation, claim, "The built-in engine could not make this.", "engine", repr(error))


def _make(generation: Generation, claim: str) -> None:
    params = generation.submission.params
    checkpoint = Checkpoint(generation, claim)
    with tempfile.TemporaryDirectory(prefix="drover-") as folder:
        made = engine.render(
            generation.model.name,
            params,
            variation=f"{params.get('seed', generation.submission_id)}:{generation.ordinal}",
            folder=Path(folder),
            checkpoint=checkpoint,
        )
        checkpoint.next_look = 0.0
        checkpoint()  # Storing takes a while, and the hold is not renewed meanwhile.
        result = results.store(generation, made.path)
    still_wanted = claims.held_by(claim) & claims.unasked()
    if not results.succeed(generation, result, where=still_wanted):
        raise engine.Stopped


def _fail(generation: Generation, claim: str, reason: str, category: str, raw: str = "") -> None:
    move(
        generation,
        State.FAILED,
        where=claims.held_by(claim),
        reason=reason[:500],
        raw_reason=raw,
        category=category,
        claim="",
        claimed_until=None,
    )
