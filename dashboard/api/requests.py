"""Read API requests strictly: anything unexpected is rejected before anything is done."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from ninja.security import HttpBearer

from queueapp.errors import BadRequest, LengthRequired, NotFound, TooLarge
from queueapp.models import ApiToken, Submission
from queueapp.params import QUEUE_FIELDS, Params, read_json
from queueapp.services import accounts
from queueapp.services.generations import Caller


class BearerToken(HttpBearer):
    """Authentication by `Authorization: Bearer TOKEN`. Session cookies do not count."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        found = accounts.authenticate_token(token)
        if found is not None:
            request.user = found.owner
        return found


def get_caller(request: HttpRequest) -> Caller:
    """Return the user and the token of an authenticated request."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    return Caller(token.owner, Submission.Source.API, token)


@dataclass(frozen=True, slots=True)
class EnqueueRequest:
    """The body of an enqueue, with the fields of the queue apart from the parameters of the model."""

    model: str
    num_generations: Any
    target_namespace: str | None
    params: Params


def parse_enqueue(request: HttpRequest) -> EnqueueRequest:
    """Parse the body of an enqueue. Raises BadRequest, TooLarge or LengthRequired with the reason."""
    body = read_json(_read_text(request))
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise BadRequest("model must be the name of a model.")
    target = body.get("target_namespace")
    if target is not None and not isinstance(target, str):
        raise BadRequest("target_namespace must be a name.")
    params = {name: value for name, value in body.items() if name not in QUEUE_FIELDS}
    return EnqueueRequest(model, body.get("num_generations", 1), target, params)


def _read_text(request: HttpRequest) -> str:
    try:
        return _read_body(request).decode()  # json.loads(bytes) would accept UTF-16 and UTF-32, too.
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.") from None


def _read_body(request: HttpRequest) -> bytes:
    if request.headers.get("Transfer-Encoding") and not request.headers.get("Content-Length"):
        raise LengthRequired("Send the body with a Content-Length, not in chunks.")
    try:
        return request.body
    except RequestDataTooBig:
        raise TooLarge("The body is larger than this server accepts.") from None
    except UnreadablePostError:
        raise BadRequest("The connection broke before the whole body arrived.") from None


def parse_generation_id(text: str) -> UUID:
    """Parse a generation id from a path. Raises NotFound for anything but a UUID in its usual form."""
    try:
        parsed = UUID(text)
    except ValueError:
        parsed = None
    # UUID() also accepts braces, URNs, missing hyphens and other scripts' digits.
    if parsed is None or str(parsed) != text.lower():
        raise NotFound("There is no such generation.")
    return parsed
