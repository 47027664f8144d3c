"""Parse the models of a hub's catalog, and detect the media type that each produces."""

from dataclasses import dataclass, field
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from queueapp.upstream.parsing import Json, as_object, as_short_text, truncate
from queueapp.upstream.redaction import MAX_RAW, Redactor

MediaType = Literal["image", "video"]


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model of the hub's catalog. `media_type` is None if it produces neither images nor videos."""

    id: str
    display_name: str
    description: str
    developer: str
    endpoint: str
    media_type: MediaType | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    pricing: dict[str, Any] | None = field(hash=False)
    request_schema: dict[str, Any] = field(hash=False)

    @classmethod
    def parse(cls, data: Json, redact: Redactor) -> Self | None:
        """Return a model, given bare or under `data`, or None if it has no name."""
        entry = as_object(data)
        entry = as_object(entry["data"]) if "id" not in entry and "data" in entry else entry
        name = as_short_text(entry.get("id"))
        if name is None:
            return None
        capabilities = as_object(entry.get("capabilities"))
        outputs = _lowercase_texts(capabilities.get("output"))
        endpoint = as_short_text(entry.get("endpoint")) or ""
        pricing = entry.get("pricing")
        return cls(
            id=name,
            display_name=as_short_text(entry.get("display_name")) or name,
            description=redact(str(entry.get("description") or ""), MAX_RAW),
            developer=as_short_text(entry.get("developer")) or as_short_text(entry.get("owned_by")) or "",
            endpoint=endpoint,
            media_type=detect_media_type(outputs, endpoint),
            inputs=_lowercase_texts(capabilities.get("input")),
            outputs=outputs,
            pricing=_truncate_large(pricing, redact) if isinstance(pricing, dict) else None,
            request_schema=_truncate_large(as_object(entry.get("request_schema")), redact),
        )


def detect_media_type(outputs: tuple[str, ...], endpoint: str) -> MediaType | None:
    """Return the media type that a model produces, or None.

    Its capabilities decide. If they are missing or contain both types, its endpoint decides, which hubs
    write bare, below `/api/ai`, or as a whole URL.
    """
    media_types: list[MediaType] = [media_type for media_type in ("image", "video") if media_type in outputs]
    if len(media_types) == 1:
        return media_types[0]
    if outputs and not media_types:
        return None
    return _media_type_of_endpoint(endpoint) or (media_types[0] if media_types else None)


def _media_type_of_endpoint(endpoint: str) -> MediaType | None:
    try:
        path = urlsplit(endpoint).path.rstrip("/")
    except ValueError:
        return None
    if path.endswith(("/images/generate", "/images/edit")):
        return "image"
    if path.endswith(("/videos/generate", "/videos/edit")):
        return "video"
    return None


def _lowercase_texts(value: Json) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(item.lower() for item in items[:20] if as_short_text(item))


def _truncate_large(value: dict[str, Json], redact: Redactor) -> Any:
    """Truncate a schema or a price table, which are larger than echoed parameters."""
    return truncate(value, redact, limit=10_000, items=500, depth=20)
