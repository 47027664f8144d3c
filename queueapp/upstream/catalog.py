"""Models as a hub's catalog tells them, and what each makes."""

from dataclasses import dataclass, field
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from queueapp.upstream.parsing import MAX_RAW, Json, Redact, as_object, as_word, truncate

MediaType = Literal["image", "video"]


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model of the hub's catalog. `media_type` is None for what makes neither image nor video."""

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
    def read(cls, data: Json, clean: Redact) -> Self | None:
        """A model, bare or under `data`. None without a name."""
        entry = as_object(data)
        entry = as_object(entry["data"]) if "id" not in entry and "data" in entry else entry
        name = as_word(entry.get("id"))
        if name is None:
            return None
        outputs = _words(as_object(entry.get("capabilities")).get("output"))
        endpoint = as_word(entry.get("endpoint")) or ""
        pricing = entry.get("pricing")
        return cls(
            id=name,
            display_name=as_word(entry.get("display_name")) or name,
            description=clean(str(entry.get("description") or ""), MAX_RAW),
            developer=as_word(entry.get("developer")) or as_word(entry.get("owned_by")) or "",
            endpoint=endpoint,
            media_type=classify(outputs, endpoint),
            inputs=_words(as_object(entry.get("capabilities")).get("input")),
            outputs=outputs,
            pricing=_large(pricing, clean) if isinstance(pricing, dict) else None,
            request_schema=_large(as_object(entry.get("request_schema")), clean),
        )


def classify(outputs: tuple[str, ...], endpoint: str) -> MediaType | None:
    """What a model makes: by its capabilities; where they are silent or name both, by its endpoint, which
    comes bare, with `/api/ai` before it, or as a whole URL."""
    made: list[MediaType] = [kind for kind in ("image", "video") if kind in outputs]
    if len(made) == 1 or (outputs and not made):
        return made[0] if made else None
    try:
        path = urlsplit(endpoint).path.rstrip("/")
    except ValueError:
        path = ""
    if path.endswith(("/images/generate", "/images/edit")):
        return "image"
    if path.endswith(("/videos/generate", "/videos/edit")):
        return "video"
    return made[0] if made else None


def _words(value: Json) -> tuple[str, ...]:
    told = value if isinstance(value, list) else [value]
    return tuple(item.lower() for item in told[:20] if as_word(item))


def _large(value: dict[str, Json], clean: Redact) -> Any:
    return truncate(value, clean, limit=10_000, items=500, depth=20)
