"""Describe request bodies and responses for the OpenAPI document.

The views parse and build JSON by hand, because parameters must pass through unchanged, so the schemas are
written by hand, too. A test validates real responses against them.
"""

from typing import Any

from django.conf import settings

from dashboard.api.errors import InternalError, error_body
from queueapp.errors import (
    BadCount,
    DroverError,
    InsufficientCredits,
    LengthRequired,
    ModelNotFound,
    NotFound,
    NotMediaModel,
    TooLarge,
    Unauthenticated,
)

EXAMPLE_ID = "5f0f3a52-98f7-4e2b-9a50-3f5b0f9d1c11"
_TEXT = {"type": "string"}
_UUID = {"type": "string", "format": "uuid"}
_COUNT = {"type": "integer", "minimum": 1, "maximum": settings.DROVER_MAX_GENERATIONS, "default": 1}
_UNKNOWN_MODEL = ModelNotFound("no/such-model")
#: The description of each error status, and an example.
_ERRORS: dict[int, tuple[str, DroverError]] = {
    400: ("The request is malformed.", BadCount(settings.DROVER_MAX_GENERATIONS)),
    401: ("The token is missing or invalid.", Unauthenticated()),
    402: ("The model's hub account is out of credits.", InsufficientCredits()),
    404: ("It does not exist, or is not yours.", _UNKNOWN_MODEL),
    411: ("The Content-Length is missing.", LengthRequired()),
    413: ("The body is too large.", TooLarge()),
    415: ("The model generates neither images nor videos.", NotMediaModel()),
    500: ("An error in Drover. It was logged, and nothing was changed.", InternalError()),
}


def _json(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema, "example": example}}}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


_ERROR_FIELDS = ("type", "title", "detail", "message")
_ERROR = _object(
    ["error", "status", "status_message"],
    error=_object([*_ERROR_FIELDS], **dict.fromkeys(_ERROR_FIELDS, _TEXT)),
    status={"type": "string", "const": "error"},
    status_message=_TEXT,
)


def _responses(ok: dict[str, Any], *statuses: int, not_found: DroverError = _UNKNOWN_MODEL) -> dict[str, Any]:
    # The keys are integers, as ninja writes them: "200" beside 200 would appear twice in the document.
    responses: dict[int, Any] = {200: {"description": "Success.", **ok}}
    for status in (*statuses, 500):
        description, error = _ERRORS[status]
        example = error_body(not_found if status == 404 else error)
        responses[status] = {"description": description, **_json(_ERROR, example)}
    return {"responses": responses}


def _enqueue_request() -> dict[str, Any]:
    schema = _object(
        ["model"],
        model={**_TEXT, "minLength": 1, "description": "A name from `/api/ai/models`, or `connection/name`."},
        num_generations={**_COUNT, "description": "The number of generations."},
        target_namespace={
            "type": ["string", "null"],
            "description": "The namespace that owns and pays. Default: your own.",
        },
        prompt={"description": "The prompt, if the model takes one."},
    )
    schema["additionalProperties"] = {"description": "The model's own parameters, passed on unchanged."}
    example = {"model": "sketch-image", "prompt": "a lighthouse at dawn", "num_generations": 1}
    return {"requestBody": {"required": True, **_json(schema, example)}}


_ENQUEUED = _object(
    ["generations"],
    generations={
        "type": "array",
        "items": _object(["generation_id", "status"], generation_id=_UUID, status={"const": "queued"}),
    },
)
_ROW = _object(
    ["generation_id", "model", "model_name", "enqueued_at"],
    generation_id=_UUID,
    model={**_TEXT, "description": "The name as it was submitted."},
    model_name={**_TEXT, "description": "The same as `model`."},
    enqueued_at={"type": "integer", "description": "Unix seconds."},
)
_ROW["additionalProperties"] = {"description": "Every submitted parameter."}
_LIST = _object(
    ["status", "count", "generations"],
    status={"const": "success"},
    count={"type": "integer", "minimum": 0},
    generations={"type": "array", "items": _ROW},
)
_EXAMPLE_ROW = {
    "prompt": "a lighthouse at dawn",
    "generation_id": EXAMPLE_ID,
    "model": "sketch-image",
    "model_name": "sketch-image",
    "enqueued_at": 1767225600,
}
_CANCELLED = _object(["status", "generation_id"], status={"const": "success"}, generation_id=_UUID)

ENQUEUE = {
    **_enqueue_request(),
    **_responses(
        _json(_ENQUEUED, {"generations": [{"generation_id": EXAMPLE_ID, "status": "queued"}]}),
        *(400, 401, 402, 404, 411, 413, 415),
    ),
}
LIST = _responses(_json(_LIST, {"status": "success", "count": 1, "generations": [_EXAMPLE_ROW]}), 401, 404)
CANCEL = _responses(
    _json(_CANCELLED, {"status": "success", "generation_id": EXAMPLE_ID}),
    *(401, 404),
    not_found=NotFound("There is no such generation."),
)

_EXAMPLE_MODEL = {
    "id": "sketch-image",
    "object": "model",
    "created": 1767225600,
    "owned_by": "drover",
    "display_name": "Sketch Image",
    "description": "Paints landscapes, patterns and badges from a prompt, or repaints an image.",
    "endpoint": "/images/generate",
    "capabilities": {"input": ["text", "image"], "output": ["image"]},
    "pricing": None,
    "request_schema": {"type": "object", "properties": {"prompt": {"type": "string"}}},
}
_MODEL = _object(
    [*_EXAMPLE_MODEL],
    id={**_TEXT, "description": "The name for an enqueue."},
    object={"const": "model"},
    created={"type": "integer", "description": "Unix seconds."},
    owned_by=_TEXT,
    display_name=_TEXT,
    description=_TEXT,
    endpoint=_TEXT,
    capabilities={"type": "object", "description": "The media types of its inputs and outputs."},
    pricing={"type": ["object", "null"]},
    request_schema={"type": "object", "description": "The parameters as a JSON Schema."},
)
_MODELS = _object(["object", "data"], object={"const": "list"}, data={"type": "array", "items": _MODEL})

MODEL = _responses(_json(_MODEL, _EXAMPLE_MODEL), 401, 404)
MODELS = _responses(_json(_MODELS, {"object": "list", "data": [_EXAMPLE_MODEL]}), 401)

_ME = _object(
    ["username", "namespace"],
    username=_TEXT,
    namespace={**_TEXT, "description": "Owns and pays for what you enqueue without `target_namespace`."},
)

ME = _responses(_json(_ME, {"username": "alice", "namespace": "alice"}), 401)
