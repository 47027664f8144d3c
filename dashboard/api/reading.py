"""Reading what a script sent, strictly: whatever is odd is refused before anything is done."""

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
    """`Authorization: Bearer TOKEN`. Cookies are no credentials here."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        found = accounts.authenticate_token(token)
        if found is not None:
            request.user = found.owner
        return found


def caller(request: HttpRequest) -> Caller:
    """Who calls, by their token."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    return Caller(token.owner, Submission.Source.API, token)


@dataclass(frozen=True, slots=True)
class Enqueue:
    """The body of an enqueue: what is the queue's, and what is the model's."""

    model: str
    num_generations: Any
    target_namespace: str | None
    params: Params


def read_enqueue(request: HttpRequest) -> Enqueue:
    """Raises BadRequest, TooLarge or LengthRequired with the reason."""
    body = read_json(_text(request))
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise BadRequest("model must be the name of a model.")
    target = body.get("target_namespace")
    if target is not None and not isinstance(target, str):
        raise BadRequest("target_namespace must be a name.")
    params = {name: value for name, value in body.items() if name not in QUEUE_FIELDS}
    return Enqueue(model, body.get("num_generations", 1), target, params)


def _text(request: HttpRequest) -> str:
    try:
        return _body(request).decode()  # Left to itself, Python's reader of JSON takes UTF-16 as well.
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.") from None


def _body(request: HttpRequest) -> bytes:
    if request.headers.get("Transfer-Encoding") and not request.headers.get("Content-Length"):
        raise LengthRequired("Send the body whole, with its Content-Length.")
    try:
        return request.body
    except RequestDataTooBig:
        raise TooLarge("The body is larger than this server takes.") from None
    except UnreadablePostError:
        raise BadRequest("The body broke off.") from None


def read_id(text: str) -> UUID:
    """A generation's id from an address. NotFound for what cannot be one."""
    try:
        found = UUID(text)
    except ValueError:
        found = None
    if found is None or str(found) != text.lower():  # Python also reads braces, URNs and other digits.
        raise NotFound("There is no such generation.")
    return found
