"""What django-q2's workers run. A task is a bell: the rows say what there is to do, and decide."""

from django.utils import timezone

from queueapp import checking, fetching, lifesigns
from queueapp import pump as pumping
from queueapp import render as rendering
from queueapp.services import elsewhere, inputs, workers

#: A pump leaves after this long, so that no task ever runs into its time limit.
PUMP_SECONDS = 45.0


def pump() -> None:
    """Be the pump for a while, or stand by to be it."""
    pumping.new_pump().run(PUMP_SECONDS)


def render(generation_id: str) -> None:
    """Make one generation of the built-in engine."""
    rendering.render(generation_id)


def fetch(generation_id: str) -> None:
    """Store a result that a hub has."""
    fetching.fetch(generation_id)


def beat() -> None:
    """Show that a rendering worker takes up tasks."""
    workers.beat(workers.WORK)


def sweep() -> None:
    """Remove what nobody needs any more: unused uploads, and old names of what was made elsewhere."""
    inputs.sweep(timezone.now())
    elsewhere.sweep(timezone.now())


def check(connection_id: int) -> None:
    """Find out whether a hub's account works."""
    with lifesigns.given():
        checking.check(connection_id)


def sync(connection_id: int) -> None:
    """Find out what a hub offers."""
    with lifesigns.given():
        checking.sync(connection_id)


def see_to_hubs() -> None:
    """Ring for every hub that is to be checked or asked for its models."""
    checking.see_to_all()
