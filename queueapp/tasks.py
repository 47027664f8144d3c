"""The django-q2 tasks. Arguments are ids, the rows say what to do, and every task may run twice."""

from django.utils import timezone

from queueapp.jobs import check_hub as hub_jobs
from queueapp.jobs import download, render
from queueapp.jobs.heartbeat import send_heartbeats
from queueapp.poller import loop
from queueapp.services import coordination, inputs
from queueapp.services.lifecycle import foreign

#: Seconds that one poller task runs: shorter than the cluster's `timeout`, so that django-q2 never kills it.
POLLER_TASK_SECONDS = 45.0


def run_poller() -> None:
    """Run the poller loop for a while, or stand by for it."""
    loop.new_poller_loop().run(POLLER_TASK_SECONDS)


def render_generation(generation_id: str) -> None:
    """Render one generation with the built-in engine."""
    render.render_generation(generation_id)


def download_result(generation_id: str) -> None:
    """Download one result from its hub."""
    download.download_result(generation_id)


def send_heartbeat() -> None:
    """Record that the job workers take tasks from their queue."""
    coordination.record_heartbeat(coordination.JOBS)


def clean_up() -> None:
    """Delete unused uploads and old rows about other people's generations."""
    inputs.delete_unused(timezone.now())
    foreign.delete_old(timezone.now())


def check_hub(connection_id: int) -> None:
    """Check whether a hub account works."""
    with send_heartbeats():
        hub_jobs.check_hub(connection_id)


def sync_models(connection_id: int) -> None:
    """Download the model catalog of a hub."""
    with send_heartbeats():
        hub_jobs.sync_models(connection_id)


def check_due_hubs() -> None:
    """Enqueue the checks and model syncs that are due."""
    hub_jobs.request_due_checks()
