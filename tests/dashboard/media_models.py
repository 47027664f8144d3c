"""A hub whose models take images and videos, and inputs to give them."""

from io import BytesIO
from typing import Any

from django.contrib.auth.models import User

from queueapp.models import Connection, MediaModel
from queueapp.services import accounts, inputs
from tests import factories

IMAGE_URL = {"type": "string", "renderType": "image-url"}
URL = {"type": "string", "format": "uri"}
LIST = {"type": "array", "items": {"type": "string"}}


def create_models() -> Connection:
    """Create `edit` (one required image), `mix` (images and a mask) and `animate` (an image or a video)."""
    hub = Connection.objects.create(name="hub", base_url="http://127.0.0.1:9", priority=5)
    _create_model(hub, "edit", {"input_image": IMAGE_URL}, required=["input_image"])
    _create_model(hub, "mix", {"input_image": LIST, "mask_url": URL})
    _create_model(hub, "animate", {"start_image_url": URL, "input_video": URL}, media_type="video")
    return hub


def _create_model(
    hub: Connection, name: str, fields: dict[str, Any], media_type: str = "image", required: Any = ()
) -> None:
    properties = {"prompt": {"type": "string"}, **fields}
    MediaModel.objects.create(
        connection=hub,
        name=name,
        display_name=name.title(),
        media_type=media_type,
        request_schema={"type": "object", "properties": properties, "required": list(required)},
    )


def store_input(owner: User, body: bytes = b"") -> str:
    """Store an image, or another file, as an upload of its owner. Return the reference to it."""
    namespace = accounts.get_or_create_namespace(owner)
    row = inputs.save_upload(namespace, BytesIO(body or factories.png()))
    return f"drover-input:{row.pk}"
