"""Hold the submit form of one model: the text of its fields and their errors."""

from collections.abc import Mapping

from django.utils.datastructures import MultiValueDict

from dashboard.composer import media_fields
from dashboard.composer.bound_fields import PARAM_PREFIX, BoundField
from dashboard.composer.fields import UNSET, Field, Schema
from dashboard.composer.schema import build_fields, has_parameter
from dashboard.composer.shots import Shot, read_shots
from queueapp.models import MediaModel

FormData = MultiValueDict[str, str]

PROMPT, NUM_GENERATIONS = "prompt", "num_generations"
#: Name of the stored inputs that the model has no field for. They stay in the form for the next model.
UNPLACED_INPUTS = "unplaced-input"


class ComposerForm:
    """The submit form of one model, or of none if no model is available.

    It keeps all text as the user typed it, so that an error or a change of the model loses nothing.
    """

    def __init__(
        self,
        model: MediaModel | None,
        data: FormData | None = None,
        errors: Mapping[str, str] | None = None,
    ) -> None:
        self.model = model
        self.data: FormData = MultiValueDict(dict(data.lists()) if data else {})
        self.errors = dict(errors or {})
        schema = model.request_schema if model else {}
        self.schema: Schema = schema if isinstance(schema, dict) else {}
        self.fields = build_fields(self.schema)

    @property
    def prompt(self) -> str:
        return self.data.get(PROMPT, "")

    @property
    def num_generations(self) -> str:
        return self.data.get(NUM_GENERATIONS, "") or "1"

    @property
    def has_prompt(self) -> bool:
        return self.model is None or has_parameter(self.schema, "prompt")

    @property
    def has_shots(self) -> bool:
        return has_parameter(self.schema, "multi_prompt")

    @property
    def shots(self) -> list[Shot]:
        return read_shots(self.data)

    @property
    def bound_fields(self) -> list[BoundField]:
        return [
            BoundField(field, self.text_of(field), self.errors.get(field.name, "")) for field in self.fields
        ]

    @property
    def media_fields(self) -> list[Field]:
        return [field for field in self.fields if field.is_media]

    @property
    def unplaced_inputs(self) -> list[str]:
        """References to stored inputs that the model has no field for."""
        return self.data.getlist(UNPLACED_INPUTS)

    def text_of(self, field: Field) -> str:
        """Return the text of a field. A required field starts with its default."""
        values = self.values_of(field)
        if not values:
            return field.format(field.default) if field.required and field.default is not UNSET else ""
        return media_fields.join_values(field, values) if field.is_media else values[-1]

    def values_of(self, field: Field) -> list[str]:
        """Return the values sent under a field's name; none if the field was not in the form."""
        return self.data.getlist(PARAM_PREFIX + field.name)

    def set_values(self, field: Field, *values: str) -> None:
        self.data.setlist(PARAM_PREFIX + field.name, list(values))

    def remove_value(self, html_name: str, value: str) -> None:
        """Remove a line from the values sent under a name."""
        lines = [line for text in self.data.getlist(html_name) for line in text.split("\n")]
        self.data.setlist(html_name, [line for line in lines if line.strip() != value])
