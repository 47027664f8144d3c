"""What `/api/docs` tells about bodies and answers, which are read and written untouched, by hand."""

from typing import Any

from django.conf import settings

from dashboard.api.answers import Broken, body
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

_TEXT = {"type": "string"}
_ID = {"type": "string", "format": "uuid"}
_COUNT = {"type": "integer", "minimum": 1, "maximum": settings.DROVER_MAX_GENERATIONS, "default": 1}
AN_ID = "5f0f3a52-98f7-4e2b-9a50-3f5b0f9d1c11"


def _json(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema, "example": example}}}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


_WORDS = ("type", "title", "detail", "message")
_ERROR = _object(
    ["error", "status", "status_message"],
    error=_object([*_WORDS], **dict.fromkeys(_WORDS, _TEXT)),
    status={"type": "string", "const": "error"},
    status_message=_TEXT,
)
_NO_MODEL = ModelNotFound("no/such-model")
#: What each status means, and one error that has it.
_ERRORS: dict[int, tuple[str, DroverError]] = {
    400: ("What was sent cannot be understood.", BadCount(settings.DROVER_MAX_GENERATIONS)),
    401: ("No token, or not a valid one.", Unauthenticated()),
    402: ("The hub account that would make it is out of credits.", InsufficientCredits()),
    404: ("There is no such thing, or it is not yours.", _NO_MODEL),
    411: ("The body came without its length.", LengthRequired()),
    413: ("The body is too large.", TooLarge()),
    415: ("The model puts out neither images nor videos.", NotMediaModel()),
    500: ("Something broke here; it was logged, and nothing was changed.", Broken()),
}


def _answers(ok: dict[str, Any], *statuses: int, missing: DroverError = _NO_MODEL) -> dict[str, Any]:
    # Numbers, as ninja writes them: "200" beside 200 would stand in the document twice.
    told: dict[int, Any] = {200: {"description": "Done.", **ok}}
    for status in (*statuses, 500):
        meaning, error = _ERRORS[status]
        example = body(missing if status == 404 else error)
        told[status] = {"description": meaning, **_json(_ERROR, example)}
    return {"responses": told}


def _request() -> dict[str, Any]:
    schema = _object(
        ["model"],
        model={**_TEXT, "minLength": 1, "description": "A name from `/api/ai/models`, or `connection/name`."},
        num_generations={**_COUNT, "description": "How many to make, side by side."},
        target_namespace={
            "type": ["string", "null"],
            "description": "Who owns and pays: a namespace of yours. Your own without it.",
        },
        prompt={"description": "What to make, where the model takes one."},
    )
    schema["additionalProperties"] = {"description": "The model's own parameters, untouched."}
    example = {"model": "sketch-image", "prompt": "a lighthouse at dawn", "num_generations": 1}
    return {"requestBody": {"required": True, **_json(schema, example)}}


_QUEUED = _object(
    ["generations"],
    generations={
        "type": "array",
        "items": _object(["generation_id", "status"], generation_id=_ID, status={"const": "queued"}),
    },
)
_ROW = _object(
    ["generation_id", "model", "model_name", "enqueued_at"],
    generation_id=_ID,
    model={**_TEXT, "description": "The name as it was submitted."},
    model_name={**_TEXT, "description": "The same."},
    enqueued_at={"type": "integer", "description": "Unix seconds."},
)
_ROW["additionalProperties"] = {"description": "Every parameter that was submitted."}
_LIST = _object(
    ["status", "count", "generations"],
    status={"const": "success"},
    count={"type": "integer", "minimum": 0},
    generations={"type": "array", "items": _ROW},
)
_A_ROW = {
    "prompt": "a lighthouse at dawn",
    "generation_id": AN_ID,
    "model": "sketch-image",
    "model_name": "sketch-image",
    "enqueued_at": 1767225600,
}
_CANCELLED = _object(["status", "generation_id"], status={"const": "success"}, generation_id=_ID)

ENQUEUE = {
    **_request(),
    **_answers(
        _json(_QUEUED, {"generations": [{"generation_id": AN_ID, "status": "queued"}]}),
        *(400, 401, 402, 404, 411, 413, 415),
    ),
}
STATUS = _answers(_json(_LIST, {"status": "success", "count": 1, "generations": [_A_ROW]}), 401, 404)
CANCEL = _answers(
    _json(_CANCELLED, {"status": "success", "generation_id": AN_ID}),
    *(401, 404),
    missing=NotFound("There is no such generation."),
)

_A_MODEL = {
    "id": "sketch-image",
    "object": "model",
    "created": 1767225600,
    "owned_by": "drover",
    "display_name": "Sketch Image",
    "description": "Paints a quick landscape, scene or pattern from a prompt's words.",
    "endpoint": "/images/generate",
    "capabilities": {"input": ["text"], "output": ["image"]},
    "pricing": None,
    "request_schema": {"type": "object", "properties": {"prompt": {"type": "string"}}},
}
_MODEL = _object(
    [*_A_MODEL],
    id={**_TEXT, "description": "What an enqueue names it by."},
    object={"const": "model"},
    created={"type": "integer", "description": "Unix seconds."},
    owned_by=_TEXT,
    display_name=_TEXT,
    description=_TEXT,
    endpoint=_TEXT,
    capabilities={"type": "object", "description": "What goes in and what comes out."},
    pricing={"type": ["object", "null"]},
    request_schema={"type": "object", "description": "The parameters, as a JSON Schema."},
)
_MODELS = _object(["object", "data"], object={"const": "list"}, data={"type": "array", "items": _MODEL})

MODEL = _answers(_json(_MODEL, _A_MODEL), 401, 404)
MODELS = _answers(_json(_MODELS, {"object": "list", "data": [_A_MODEL]}), 401)

_ME = _object(
    ["username", "namespace"],
    username=_TEXT,
    namespace={**_TEXT, "description": "Owns and pays for what names no other."},
)

ME = _answers(_json(_ME, {"username": "alice", "namespace": "alice"}), 401)
