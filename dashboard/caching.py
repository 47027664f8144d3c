"""Cache values that are expensive to make."""

from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

T = TypeVar("T")


def cached(key: str, seconds: int, make: Callable[[], T]) -> T:
    """Return the value cached under `key`. Without one, call `make` and cache its result for `seconds`."""
    value: T | None = cache.get(key)
    if value is None:
        value = make()
        cache.set(key, value, seconds)
    return value
