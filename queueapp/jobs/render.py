"""Render one generation with the built-in engine, from the lease to the stored result."""

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

#: Seconds between renewals of the lease, each of which also finds out about a cancel.
RENEW_INTERVAL = 0.4


class Checkpoint:
    """Renews the lease when the engine calls it. Raises engine.Stopped if the lease is lost.

    The engine calls it many times a second; `due_at` limits the renewals to one in RENEW_INTERVAL.
    """

    def __init__(self, generation: Generation, lease_token: str) -> None:
        self.generation = generation
        self.lease_token = lease_token
        self.due_at = 0.0

    def __call__(self) -> None:
        if time.monotonic() >= self.due_at:
            self.renew()

    def renew(self) -> None:
        """Renew the lease now, and send a heartbeat."""
        if not render_leases.renew(self.generation, self.lease_token):
            raise engine.Stopped
        coordination.record_heartbeat(coordination.JOBS)
        self.due_at = time.monotonic() + RENEW_INTERVAL


def render_generation(generation_id: str) -> None:
    """Render one generation, unless it has ended, was cancelled or has another worker.

    Safe to call any number of times. A failure ends the generation with its reason. Raise DatabaseError
    without ending it: the lease expires, and a worker renders it again.
    """
    lease_token = render_leases.new_lease_token()
    generation = render_leases.acquire(generation_id, lease_token)
    if generation is None:
        return
    errors = validation_errors(generation.model.request_schema, generation.submission.params)
    if errors:
        details = "; ".join(f"{name}: {text}" for name, text in errors.items())
        _fail(generation, lease_token, f"The model rejected the parameters. {details}", "parameters")
        return
    try:
        _render(generation, lease_token)
    except engine.Stopped:
        cancellation.cancel_if_requested(
            generation, where=render_leases.has_token(lease_token), text="While it was running."
        )
    except engine.Unrenderable as error:
        _fail(generation, lease_token, str(error), "parameters")
    except DatabaseError:
        raise
    except Exception as error:
        log.exception("Generation %s: rendering failed.", generation_id)
        _fail(generation, lease_token, "The built-in engine failed.", "engine", repr(error))


def _render(generation: Generation, lease_token: str) -> None:
    params = generation.submission.params
    checkpoint = Checkpoint(generation, lease_token)
    with tempfile.TemporaryDirectory(prefix="drover-") as folder:
        rendering = engine.render(
            generation.model.name,
            params,
            variation=f"{params.get('seed', generation.submission_id)}:{generation.ordinal}",
            folder=Path(folder),
            checkpoint=checkpoint,
        )
        checkpoint.renew()  # Storing takes a while, during which nothing renews the lease.
        result = results.save_files(generation, rendering.path)
    may_finish = render_leases.has_token(lease_token) & render_leases.not_cancelled()
    if not results.finish_with_result(generation, result, where=may_finish):
        raise engine.Stopped


def _fail(generation: Generation, lease_token: str, reason: str, category: str, raw: str = "") -> None:
    transition(
        generation,
        State.FAILED,
        where=render_leases.has_token(lease_token),
        reason=reason[:500],
        raw_reason=raw,
        category=category,
        lease_token="",
        lease_expires_at=None,
    )
