"""The composer: the form that a model's schema grows, with what was typed and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.utils.datastructures import MultiValueDict

from dashboard import media_fields
from dashboard import schema as grown
from dashboard.shown import PREFIX, Shown
from queueapp.errors import BadParameters, BadRequest
from queueapp.models import MediaModel
from queueapp.params import Params, ensure_storable, validation_errors
from queueapp.services import catalog
from queueapp.services.inputs import parse_reference

SHOT_PROMPT, SHOT_SECONDS = "shot-prompt", "shot-seconds"
#: Empty rows for shots that a page without scripts offers.
SPARE_SHOTS = 3
_ANYWHERE = ("model", "parameters")

Typed = MultiValueDict[str, str]


@dataclass(frozen=True, slots=True)
class Shot:
    prompt: str
    seconds: str


class Composer:
    """The submit form for one model.

    It keeps whatever was typed, in the words it was typed in, so that nothing is lost when something is
    wrong or another model is chosen.
    """

    def __init__(
        self, model: MediaModel | None, typed: Typed | None = None, errors: Mapping[str, str] | None = None
    ) -> None:
        self.model = model
        self.typed: Typed = typed if typed is not None else MultiValueDict()
        self.errors = dict(errors or {})
        schema = model.request_schema if model else {}
        self.schema: grown.Schema = schema if isinstance(schema, dict) else {}

    @classmethod
    def again(cls, model: MediaModel | None, params: Params, count: int) -> "Composer":
        """Filled with what was submitted before."""
        composer = cls(model)
        typed = composer.typed
        typed["num_generations"] = str(count)
        if isinstance(prompt := params.get("prompt"), str):
            typed["prompt"] = prompt
        shots = params.get("multi_prompt")
        told = [shot for shot in shots if isinstance(shot, dict)] if isinstance(shots, list) else []
        typed.setlist(SHOT_PROMPT, [str(shot.get("prompt", "")) for shot in told])
        typed.setlist(SHOT_SECONDS, [grown.written(shot.get("duration", "")) for shot in told])
        for field in composer._fields:
            if field.name in params:
                typed[PREFIX + field.name] = field.write(params[field.name])
        shown = {"prompt", "multi_prompt", *(field.name for field in composer._fields)}
        if missing := [name for name in params if name not in shown]:
            composer.errors["parameters"] = f"Not in this form, and left out: {', '.join(missing)}."
        return composer

    def begin(self) -> "Composer":
        """Fill what is empty with the settings that the admin lets this model's form begin with."""
        defaults = catalog.valid_defaults(self.model) if self.model else {}
        chosen = [field for field in self._fields if field.name in defaults and not self.text_of(field)]
        if chosen:
            self.typed = self.typed.copy()
        for field in chosen:
            self.typed.setlist(PREFIX + field.name, [field.write(defaults[field.name])])
        return self

    @cached_property
    def _fields(self) -> list[grown.Field]:
        return grown.fields_of(self.schema)

    @property
    def prompt(self) -> str:
        return self.typed.get("prompt", "")

    @property
    def count(self) -> str:
        return self.typed.get("num_generations", "") or "1"

    @property
    def most(self) -> int:
        return int(settings.DROVER_MAX_GENERATIONS)

    @property
    def has_prompt(self) -> bool:
        return self.model is None or grown.takes(self.schema, "prompt")

    @property
    def has_shots(self) -> bool:
        return grown.takes(self.schema, "multi_prompt")

    @property
    def basic(self) -> list[Shown]:
        return [self._shown(field) for field in self._fields if field.basic and not field.medium]

    @property
    def basic_media(self) -> list[Shown]:
        """Fields for images and videos, which stand in a line of their own."""
        return [self._shown(field) for field in self._fields if field.basic and field.medium]

    @property
    def more(self) -> list[Shown]:
        return [self._shown(field) for field in self._fields if not field.basic]

    @property
    def more_open(self) -> bool:
        return any(shown.error or shown.value for shown in self.more)

    def _shown(self, field: grown.Field) -> Shown:
        return Shown(field, self.text_of(field), self.errors.get(field.name, ""))

    def text_of(self, field: grown.Field) -> str:
        """What was typed. A field that must be filled begins with its default: leaving it is choosing it."""
        typed = self.typed.get(PREFIX + field.name)
        if typed is None and field.required and field.default is not grown.UNSET:
            return field.write(field.default)
        if field.medium:
            return media_fields.joined(field, self.typed.getlist(PREFIX + field.name))
        return typed or ""

    @property
    def media_fields(self) -> list[grown.Field]:
        return [field for field in self._fields if field.medium]

    @property
    def kept(self) -> list[str]:
        """Stored inputs that this model has no place for."""
        return self.typed.getlist(media_fields.KEPT)

    def strays(self) -> list[str]:
        """Every stored input in the form that no field of this model shows."""
        shown = {line for field in self.media_fields for line in self.text_of(field).split("\n")}
        ours = (typed for name, typed in self.typed.lists() if name.startswith((PREFIX, media_fields.KEPT)))
        values = [line for typed in ours for text in typed for line in text.split("\n")]
        return [value for value in dict.fromkeys(values) if parse_reference(value) and value not in shown]

    def place(self, strays: list[str], kinds: Mapping[str, str]) -> None:
        """Show stored inputs in the fields that fit them; those without one are kept."""
        given = {field.name: self.text_of(field) for field in self.media_fields}
        changed, left = media_fields.placed(self.media_fields, given, strays, kinds)
        self.typed = self.typed.copy()
        for name, text in changed.items():
            self.typed.setlist(PREFIX + name, [text])
        self.typed.setlist(media_fields.KEPT, left)

    @property
    def shots(self) -> list[Shot]:
        """The shots that were typed, and a few empty rows."""
        return [*self._typed_shots(), *(Shot("", "") for _ in range(SPARE_SHOTS))]

    @property
    def has_typed_shots(self) -> bool:
        return bool(self._typed_shots())

    def _typed_shots(self) -> list[Shot]:
        prompts, seconds = self.typed.getlist(SHOT_PROMPT), self.typed.getlist(SHOT_SECONDS)
        rows = [Shot(text, seconds[at] if at < len(seconds) else "") for at, text in enumerate(prompts)]
        return [shot for shot in rows if shot.prompt.strip() or shot.seconds.strip()]

    @property
    def prompt_error(self) -> str:
        return self.errors.get("prompt", "")

    @property
    def shots_error(self) -> str:
        return self.errors.get("multi_prompt", "")

    @property
    def count_error(self) -> str:
        return self.errors.get("num_generations", "")

    @property
    def other_errors(self) -> list[str]:
        """What is wrong with fields that are not shown, and with the whole."""
        shown = {field.name for field in self._fields} | {"num_generations"}
        places = {"prompt": self.has_prompt, "multi_prompt": self.has_shots}
        shown |= {name for name, is_there in places.items() if is_there}
        rest = ((name, text) for name, text in self.errors.items() if name not in shown)
        return [text if name in _ANYWHERE else f"{name}: {text}" for name, text in rest]

    def read(self) -> Params:
        """The parameters that were given and no others. BadParameters if the model would refuse them."""
        params: Params = {}
        wrong: dict[str, str] = {}
        prompt = self.prompt.replace("\r\n", "\n").strip()
        if self.has_prompt and prompt:
            params["prompt"] = prompt
        if self.has_shots and (shots := self._read_shots(wrong)):
            params["multi_prompt"] = shots
        for field in self._fields:
            try:
                value = field.read(self.text_of(field))
            except ValueError as error:
                wrong[field.name] = str(error)
                continue
            if value is not grown.UNSET:
                params[field.name] = value
        _ensure_storable(params, wrong)
        wrong = {**validation_errors(self.schema, params), **wrong}
        if len(wrong) > 1:
            # What is wrong with the whole has been said of its parts, and better.
            wrong.pop("parameters", None)
        if wrong:
            raise BadParameters(wrong)
        return params

    def _read_shots(self, wrong: dict[str, str]) -> list[dict[str, Any]]:
        shots: list[dict[str, Any]] = []
        for place, shot in enumerate(self._typed_shots(), 1):
            told: dict[str, Any] = {}
            if prompt := shot.prompt.replace("\r\n", "\n").strip():
                told["prompt"] = prompt
            else:
                wrong["multi_prompt"] = f"Shot {place} needs a prompt."
            try:
                seconds = grown.Field("duration", "integer", "").read(shot.seconds)
            except ValueError:
                wrong["multi_prompt"] = f"The seconds of shot {place} must be a whole number."
                seconds = grown.UNSET
            if seconds is not grown.UNSET:
                told["duration"] = seconds
            shots.append(told)
        return shots

    def read_count(self) -> Any:
        """`num_generations` as a number if it is one; the verb that takes it says what it may be."""
        digits = self.count.strip()
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else self.count


def _ensure_storable(params: Params, wrong: dict[str, str]) -> None:
    for name, value in params.items():
        try:
            ensure_storable(value)
        except BadRequest as error:
            wrong.setdefault(name, error.detail)


class SignInForm(AuthenticationForm):
    """Django's own, with the signs that password managers look for."""

    error_messages = {
        "invalid_login": "That name and password do not go together. Both care about capital letters.",
        "inactive": "This account is switched off. Ask your admin.",
    }
