"""Build, parse and find references to inputs in parameters."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

REFERENCE_PREFIX = "drover-input:"


def build_reference(input_id: UUID) -> str:
    """Return the text that stands for an input in parameters."""
    return f"{REFERENCE_PREFIX}{input_id}"


def parse_reference(value: Any) -> UUID | None:
    """Return the id of the input that a value refers to, or None if the value is no reference."""
    if not isinstance(value, str) or not value.startswith(REFERENCE_PREFIX):
        return None
    try:
        return UUID(value.removeprefix(REFERENCE_PREFIX))
    except ValueError:
        return None


def referenced_ids(params: Any) -> set[UUID]:
    """Return the ids of all inputs that parameters refer to, at any depth."""
    ids: set[UUID] = set()

    def collect(text: str) -> str:
        if input_id := parse_reference(text):
            ids.add(input_id)
        return text

    map_strings(params, collect)
    return ids


def map_strings(value: Any, change: Callable[[str], str]) -> Any:
    """Return a copy of a JSON value with each string value replaced by `change(value)`."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [map_strings(item, change) for item in value]
    if isinstance(value, dict):
        return {name: map_strings(item, change) for name, item in value.items()}
    return value
