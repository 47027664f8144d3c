"""Images and videos given as parameters: store them, refer to them, send them to hubs, delete them.

In stored parameters a reference stands for each input: `drover-input:` and the input's id.
"""

from queueapp.services.inputs.data_uris import extract_data_uris
from queueapp.services.inputs.files import check_size, delete_files
from queueapp.services.inputs.references import (
    REFERENCE_PREFIX,
    build_reference,
    parse_reference,
    referenced_ids,
)
from queueapp.services.inputs.resolving import copy_content, resolve_references, upload_size
from queueapp.services.inputs.retention import UNUSED_RETENTION, delete_unused, mark_used
from queueapp.services.inputs.uploads import get_thumbnail, save_upload

__all__ = [
    "REFERENCE_PREFIX",
    "UNUSED_RETENTION",
    "build_reference",
    "check_size",
    "copy_content",
    "delete_files",
    "delete_unused",
    "extract_data_uris",
    "get_thumbnail",
    "mark_used",
    "parse_reference",
    "referenced_ids",
    "resolve_references",
    "save_upload",
    "upload_size",
]
