"""What can be wrong with what somebody asks for: one table of errors, used by pages, API and commands.

`text` is the hub's documented wording where there is one; `detail` says the rest in plain words.
"""


class DroverError(Exception):
    """Something asked for cannot be done. Nothing was changed.

    `status` is the HTTP status a caller should see, `kind` a stable machine-readable word, `text` the
    documented error text, `detail` an explanation for a person.
    """

    status = 400
    kind = "bad_request"
    text = "Bad request"

    def __init__(self, detail: str = "", *, text: str | None = None) -> None:
        self.text = text or self.text
        self.detail = detail or self.text
        super().__init__(self.detail)


class BadRequest(DroverError):
    """The request cannot be understood."""


class BadCount(DroverError):
    """`num_generations` is not an integer in the allowed range."""

    kind = "invalid_num_generations"

    def __init__(self, highest: int) -> None:
        super().__init__(text=f"num_generations must be an integer between 1 and {highest}")


class BadParameters(DroverError):
    """Parameters that the model would refuse. `problems` maps a field's name to what is wrong with it."""

    kind = "invalid_parameters"
    text = "Invalid parameters"

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{name}: {text}" for name, text in problems.items()))


class Unauthenticated(DroverError):
    status = 401
    kind = "unauthenticated"
    text = "unauthenticated"


class BadConnection(DroverError):
    """A hub's account cannot be set up like this. `problems` maps a field's name to what is wrong with it."""

    kind = "invalid_connection"
    text = "Invalid connection"

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems.values()))


class InsufficientCredits(DroverError):
    """The hub's account that would make it cannot pay."""

    status = 402
    kind = "insufficient_credits"
    text = "Insufficient credits"

    def __init__(self, connection: str = "The hub's account") -> None:
        super().__init__(
            f"{connection} is out of credits, so nothing new is taken for it. What waits stays in the queue. "
            "Ask your admin to top the account up, or choose a model of another connection."
        )


class NotFound(DroverError):
    """What was asked for does not exist, has ended, or belongs to somebody else."""

    status = 404
    kind = "resource_not_found"
    text = "The requested resource could not be found"


class ModelNotFound(DroverError):
    status = 404
    kind = "model_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(text=f"Model not found: {name}")


class NamespaceNotFound(DroverError):
    """There is no such namespace, or the caller has no part in it."""

    status = 404
    kind = "namespace_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(text=f"Namespace not found: {name}")


class MethodNotAllowed(DroverError):
    status = 405
    kind = "method_not_allowed"
    text = "Method not allowed"


class LengthRequired(DroverError):
    status = 411
    kind = "length_required"
    text = "Length required"


class TooLarge(DroverError):
    status = 413
    kind = "request_too_large"
    text = "Request too large"


class InputGone(DroverError):
    """A submission names an input whose file is no longer there."""

    status = 410
    kind = "input_gone"
    text = "An image or video that was given with it is no longer stored. Choose it again."


class BadInput(DroverError):
    """A file that cannot be given as an input: its bytes are no picture or video, or not the kind wanted."""

    status = 415
    kind = "unsupported_input"
    text = "Unsupported input"


class NotMediaModel(DroverError):
    """The model puts out neither image nor video."""

    status = 415
    kind = "unsupported_media_type"
    text = ":unsupported_media_type"
