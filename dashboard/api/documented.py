"""What `/api/docs` tells about bodies and answers, which are read and written untouched, by hand."""

from typing import Any

_TEXT = {"type": "string"}
_ID = {"type": "string", "format": "uuid"}


def _json(schema: dict[str, Any], example: Any = None) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": schema}
    if example is not None:
        media["example"] = example
    return {"content": {"application/json": media}}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


_WORDS = ("type", "title", "detail", "message")
_ERROR = _object(
    ["error", "status", "status_message"],
    error=_object([*_WORDS], **dict.fromkeys(_WORDS, _TEXT)),
    status={"type": "string", "const": "error"},
    status_message=_TEXT,
)
_WHY = {
    400: "What was sent cannot be understood.",
    401: "No token, or not a valid one.",
    404: "There is no such thing, or it is not yours.",
    413: "The body is too large.",
    415: "The model puts out neither images nor videos.",
}


def _answers(ok: dict[str, Any], *errors: int) -> dict[str, Any]:
    # Numbers, as ninja writes them: "200" beside 200 would stand in the document twice.
    told = {status: {"description": _WHY[status], **_json(_ERROR)} for status in errors}
    return {"responses": {200: {"description": "Done.", **ok}, **told}}


ENQUEUE = {
    "requestBody": {
        "required": True,
        **_json(
            {
                **_object(
                    ["model"],
                    model={**_TEXT, "description": "A name from `/api/ai/models`, or `connection/name`."},
                    num_generations={"type": "integer", "minimum": 1, "maximum": 4, "default": 1},
                    target_namespace={**_TEXT, "description": "Who owns and pays; your own without it."},
                ),
                "additionalProperties": {"description": "The model's own parameters, untouched."},
            },
            {"model": "sketch-image", "prompt": "a lighthouse at dawn", "num_generations": 4},
        ),
    },
    **_answers(
        _json(
            _object(
                ["generations"],
                generations={
                    "type": "array",
                    "items": _object(["generation_id", "status"], generation_id=_ID, status=_TEXT),
                },
            )
        ),
        400, 401, 404, 413, 415,
    ),
}  # fmt: skip

STATUS = _answers(
    _json(
        _object(
            ["status", "count", "generations"],
            status={"type": "string", "const": "success"},
            count={"type": "integer"},
            generations={
                "type": "array",
                "items": {
                    **_object(
                        ["generation_id", "model", "model_name", "enqueued_at"],
                        generation_id=_ID, model=_TEXT, model_name=_TEXT,
                        enqueued_at={"type": "integer", "description": "Unix seconds."},
                    ),
                    "additionalProperties": {"description": "Every parameter that was submitted."},
                },
            },
        )
    ),
    401, 404,
)  # fmt: skip

CANCEL = _answers(_json(_object(["status", "generation_id"], status=_TEXT, generation_id=_ID)), 401, 404)

_MODEL = _object(
    ["id", "object", "created", "owned_by", "display_name", "endpoint", "capabilities", "request_schema"],
    id=_TEXT, object={"type": "string", "const": "model"}, created={"type": "integer"}, owned_by=_TEXT,
    display_name=_TEXT, description=_TEXT, endpoint=_TEXT, capabilities={"type": "object"},
    pricing={"type": ["object", "null"]}, request_schema={"type": "object"},
)  # fmt: skip
MODEL = _answers(_json(_MODEL), 401, 404)
MODELS = _answers(
    _json(_object(["object", "data"], object=_TEXT, data={"type": "array", "items": _MODEL})), 401
)
