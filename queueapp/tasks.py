"""What django-q2's workers run. A task is a bell: the rows say what there is to do, and decide."""

from queueapp import pump as pumping
from queueapp import render as rendering
from queueapp.services import workers

#: A pump leaves after this long, so that no task ever runs into its time limit.
PUMP_SECONDS = 15.0


def pump() -> None:
    """Be the pump for a while, or stand by to be it."""
    pumping.new_pump().run(PUMP_SECONDS)


def render(generation_id: str) -> None:
    """Make one generation of the built-in engine."""
    rendering.render(generation_id)


def beat() -> None:
    """Show that a rendering worker takes up tasks."""
    workers.beat(workers.WORK)
