"""Errors that a request can cause: one table for pages, API and commands.

`text` is the wording that the hub documents for the error, where there is one. `detail` explains it to users.
"""


class DroverError(Exception):
    """A request cannot be fulfilled. Nothing was changed.

    `status` is the HTTP status of the response, `kind` a stable identifier for programs, `text` the
    documented error text, and `detail` an explanation for users.
    """

    status = 400
    kind = "bad_request"
    text = "Bad request"

    def __init__(self, detail: str = "", *, text: str | None = None) -> None:
        self.text = text or self.text
        self.detail = detail or self.text
        super().__init__(self.detail)


class BadRequest(DroverError):
    """The request is malformed."""


class BadCount(DroverError):
    """`num_generations` is not an integer between 1 and `highest`."""

    kind = "invalid_num_generations"

    def __init__(self, highest: int) -> None:
        super().__init__(text=f"num_generations must be an integer between 1 and {highest}")


class BadParameters(DroverError):
    """The model would reject the parameters. `problems` maps field names to error messages."""

    kind = "invalid_parameters"
    text = "Invalid parameters"

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{name}: {text}" for name, text in problems.items()))


class Unauthenticated(DroverError):
    """The request has no valid credentials."""

    status = 401
    kind = "unauthenticated"
    text = "unauthenticated"


class BadConnection(DroverError):
    """The settings of a hub account are invalid. `problems` maps field names to error messages."""

    kind = "invalid_connection"
    text = "Invalid connection"

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems.values()))


class InsufficientCredits(DroverError):
    """The hub account of the model is out of credits."""

    status = 402
    kind = "insufficient_credits"
    text = "Insufficient credits"

    def __init__(self, connection: str = "The hub account") -> None:
        super().__init__(
            f"{connection} is out of credits and accepts no new generations. Queued generations stay queued. "
            "Ask an admin to add credits, or choose a model of another connection."
        )


class NotFound(DroverError):
    """The requested object does not exist, has ended, or belongs to another user."""

    status = 404
    kind = "resource_not_found"
    text = "The requested resource could not be found"


class ModelNotFound(DroverError):
    """No connection offers a model of this name."""

    status = 404
    kind = "model_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(text=f"Model not found: {name}")


class NamespaceNotFound(DroverError):
    """The namespace does not exist, or the user has no role in it."""

    status = 404
    kind = "namespace_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(text=f"Namespace not found: {name}")


class MethodNotAllowed(DroverError):
    """The address does not support the HTTP method."""

    status = 405
    kind = "method_not_allowed"
    text = "Method not allowed"


class LengthRequired(DroverError):
    """The request has a body without a Content-Length."""

    status = 411
    kind = "length_required"
    text = "Length required"


class TooLarge(DroverError):
    """The request, or a file in it, is larger than allowed."""

    status = 413
    kind = "request_too_large"
    text = "Request too large"


class InputGone(DroverError):
    """A submission refers to an input whose file no longer exists."""

    status = 410
    kind = "input_gone"
    text = "An image or video that this submission uses is no longer stored. Choose it again."


class BadInput(DroverError):
    """A file cannot be used as an input: it is no image or video, or not of the required kind."""

    status = 415
    kind = "unsupported_input"
    text = "Unsupported input"


class NotMediaModel(DroverError):
    """The model generates neither images nor videos."""

    status = 415
    kind = "unsupported_media_type"
    text = ":unsupported_media_type"
