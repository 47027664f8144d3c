"""Describe the built-in engine's models and their parameters, as a hub describes its own. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_SECONDS = 15
DEFAULT_SECONDS = 5
MAX_SEED = 2**32 - 1

#: Aspect ratios of images and videos, as width to height.
ASPECTS: dict[str, tuple[int, int]] = {
    "1:1": (1, 1), "16:9": (16, 9), "9:16": (9, 16), "4:3": (4, 3), "3:4": (3, 4), "3:2": (3, 2),
    "2:3": (2, 3), "21:9": (21, 9),
}  # fmt: skip

#: Every accepted `output_format` with Pillow's name for it, its content type and its file extension.
FORMATS: dict[str, tuple[str, str, str]] = {
    "png": ("PNG", "image/png", "png"),
    "jpg": ("JPEG", "image/jpeg", "jpg"),
    "jpeg": ("JPEG", "image/jpeg", "jpg"),
    "webp": ("WEBP", "image/webp", "webp"),
}


@dataclass(frozen=True)
class EngineModel:
    """A model in the catalog. Its JSON Schema has the extras of hubs (`basic`, `x-order`)."""

    name: str
    display_name: str
    description: str
    media_type: str
    endpoint: str
    capabilities: Mapping[str, list[str]]
    pricing: Mapping[str, Any] | None
    request_schema: Mapping[str, Any]


def _aspect_ratio(default: str, order: int) -> dict[str, Any]:
    return {
        "type": "string",
        "title": "Aspect ratio",
        "description": "Width to height of the result.",
        "enum": list(ASPECTS),
        "default": default,
        "x-order": order,
    }


def _seed(order: int) -> dict[str, Any]:
    return {
        "type": "integer",
        "title": "Seed",
        "description": "The same seed and prompt give the same result again.",
        "minimum": 0,
        "maximum": MAX_SEED,
        "x-order": order,
    }


def _prompt(description: str) -> dict[str, Any]:
    return {
        "type": "string",
        "title": "Prompt",
        "description": description,
        "minLength": 1,
        "x-order": 0,
    }


def _duration(description: str, order: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "integer",
        "title": "Duration",
        "description": description,
        "minimum": 1,
        "maximum": MAX_SECONDS,
        "x-order": order,
        **more,
    }


_IMAGE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["prompt"],
    "basic": ["prompt", "image_url", "aspect_ratio"],
    "properties": {
        "prompt": _prompt("What to paint: a place, a time of day, weather, colours, a subject."),
        "image_url": {
            "type": "string",
            "format": "uri",
            "title": "Image",
            "description": "An image to start from: it is repainted in the prompt's colours and light.",
            "x-order": 1,
        },
        "aspect_ratio": _aspect_ratio("1:1", 2),
        "seed": _seed(3),
        "output_format": {
            "type": "string",
            "title": "Format",
            "description": "The file format of the image.",
            "enum": list(FORMATS),
            "default": "png",
            "x-order": 4,
        },
    },
}

_SHOTS: dict[str, Any] = {
    "type": "array",
    "title": "Shots",
    "description": f"Several shots instead of one prompt; at most {MAX_SECONDS} seconds together.",
    "minItems": 1,
    "maxItems": MAX_SECONDS,
    "x-order": 1,
    "items": {
        "type": "object",
        "required": ["prompt"],
        "properties": {
            "prompt": _prompt("What this shot shows."),
            "duration": _duration("Seconds of this shot.", 1),
        },
    },
}

_VIDEO_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": [],
    "oneOf": [{"required": ["prompt"]}, {"required": ["multi_prompt"]}],
    "basic": ["prompt", "multi_prompt", "duration", "aspect_ratio"],
    "properties": {
        "prompt": _prompt("What the video shows. Give this or shots, not both."),
        "multi_prompt": _SHOTS,
        "duration": _duration(
            "Seconds of the whole video, unless every shot has a duration.",
            2,
            default=DEFAULT_SECONDS,
        ),
        "aspect_ratio": _aspect_ratio("16:9", 3),
        "seed": _seed(4),
    },
}

_TEXT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["prompt"],
    "basic": ["prompt"],
    "properties": {"prompt": _prompt("What to write about.")},
}

MODELS: tuple[EngineModel, ...] = (
    EngineModel(
        name="sketch-image",
        display_name="Sketch Image",
        description="Paints landscapes, patterns and badges from a prompt, or repaints an image.",
        media_type="image",
        endpoint="/images/generate",
        capabilities={"input": ["text", "image"], "output": ["image"]},
        pricing=None,
        request_schema=_IMAGE_SCHEMA,
    ),
    EngineModel(
        name="sketch-video",
        display_name="Sketch Video",
        description="Animates painted scenes for up to 15 seconds, in one shot or several.",
        media_type="video",
        endpoint="/videos/generate",
        capabilities={"input": ["text"], "output": ["video"]},
        pricing=None,
        request_schema=_VIDEO_SCHEMA,
    ),
    EngineModel(
        name="sketch-text",
        display_name="Sketch Text",
        description="Writes text only. Drover does not queue it.",
        media_type="text",
        endpoint="/chat/completions",
        capabilities={"input": ["text"], "output": ["text"]},
        pricing=None,
        request_schema=_TEXT_SCHEMA,
    ),
)
