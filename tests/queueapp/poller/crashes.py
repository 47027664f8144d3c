"""Let a poller die in the middle of its work."""

from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """The end of the poller's process."""


def crash_at(monkeypatch: Any, owner: Any, name: str, *, after: bool = False) -> Callable[[], None]:
    """Let a function kill the poller, before its work or right after. Return the undo."""
    real = getattr(owner, name)

    def crashing(*args: Any, **kwargs: Any) -> None:
        if after:
            real(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(owner, name, crashing)
    return lambda: monkeypatch.setattr(owner, name, real)


def run_before(monkeypatch: Any, owner: Any, name: str, action: Callable[[], object]) -> None:
    """Run `action` right before the next call of a function, as if another thread did."""
    real = getattr(owner, name)

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(owner, name, real)
        action()
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, interrupted)
