"""Find references to stored inputs among values, and the kinds of the inputs."""

from collections.abc import Iterable

from django.contrib.auth.models import User

from queueapp.files import media
from queueapp.models import Input
from queueapp.params import Params
from queueapp.services import accounts, inputs


def references_in(params: Params) -> list[str]:
    """Return the references among parameters and the items of lists."""
    values = [item for value in params.values() for item in (value if isinstance(value, list) else [value])]
    return [value for value in values if inputs.parse_reference(value)]


def kinds_of(references: Iterable[str], user: User) -> dict[str, str]:
    """Return "image", "video" or another kind by reference, for the inputs that the user can see."""
    input_ids = [input_id for reference in references if (input_id := inputs.parse_reference(reference))]
    if not input_ids:
        return {}
    visible = Input.objects.filter(pk__in=input_ids, namespace__in=accounts.visible_namespaces(user))
    rows = visible.values_list("pk", "content_type")
    return {inputs.build_reference(input_id): media.kind_of(content_type) for input_id, content_type in rows}
