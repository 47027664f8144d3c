"""One render of the built-in engine, from taking hold of a generation to ending it."""

import logging
import tempfile
import time
from pathlib import Path

from django.db import DatabaseError

from queueapp import engine
from queueapp.models import Generation
from queueapp.params import validation_errors
from queueapp.services import coordination, results
from queueapp.services.lifecycle import cancellation, render_leases
from queueapp.services.lifecycle.transitions import transition
from queueapp.states import State

log = logging.getLogger(__name__)

#: Seconds between looks at whether the work is still wanted.
RENEW_INTERVAL = 0.4


class Checkpoint:
    """Called by the engine all along: renews the hold, and raises engine.Stopped when it is gone."""

    def __init__(self, generation: Generation, claim: str) -> None:
        self.generation = generation
        self.lease_token = claim
        self.next_look = 0.0

    def __call__(self) -> None:
        if time.monotonic() < self.next_look:
            return
        if not render_leases.renew(self.generation, self.lease_token):
            raise engine.Stopped
        coordination.record_heartbeat(coordination.JOBS)
        self.next_look = time.monotonic() + RENEW_INTERVAL


def render_generation(generation_id: str) -> None:
    """Make one generation, unless it is held, ended or unwanted. Safe to call any number of times."""
    claim = render_leases.new_lease_token()
    generation = render_leases.acquire(generation_id, claim)
    if generation is None:
        return
    found = validation_errors(generation.model.request_schema, generation.submission.params)
    if found:
        words = "; ".join(f"{name}: {text}" for name, text in found.items())
        _fail(generation, claim, f"The model refused its parameters: {words}", "parameters")
        return
    try:
        _render(generation, claim)
    except engine.Stopped:
        cancellation.cancel_if_requested(
            generation, where=render_leases.has_token(claim), text="While it was running."
        )
    except engine.Unrenderable as refusal:
        _fail(generation, claim, str(refusal), "parameters")
    except DatabaseError:
        # That says nothing about the generation: the hold lapses, and a worker takes it up again.
        raise
    except Exception as error:
        log.exception("Rendering %s failed.", generation_id)
        _fail(generation, claim, "The built-in engine could not make this.", "engine", repr(error))


def _render(generation: Generation, claim: str) -> None:
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
        result = results.save_files(generation, made.path)
    still_wanted = render_leases.has_token(claim) & render_leases.not_cancelled()
    if not results.finish_with_result(generation, result, where=still_wanted):
        raise engine.Stopped


def _fail(generation: Generation, claim: str, reason: str, category: str, raw: str = "") -> None:
    transition(
        generation,
        State.FAILED,
        where=render_leases.has_token(claim),
        reason=reason[:500],
        raw_reason=raw,
        category=category,
        lease_token="",
        lease_expires_at=None,
    )
