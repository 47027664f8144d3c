"""Keep the inputs that submissions use, and delete uploads that none uses."""

from datetime import datetime, timedelta

from django.utils import timezone

from queueapp.errors import BadRequest
from queueapp.models import Input
from queueapp.params import Params
from queueapp.services.inputs.files import delete_files
from queueapp.services.inputs.references import referenced_ids

#: An upload is deleted after this long unless a submission refers to it.
UNUSED_RETENTION = timedelta(days=1)
#: Uploads deleted per run, so that a run stays short.
_BATCH_SIZE = 1000


def mark_used(params: Params) -> None:
    """Keep the inputs that parameters refer to. Call it in the transaction that stores the parameters.

    Raises BadRequest if one of them was deleted as unused meanwhile.
    """
    ids = referenced_ids(params)
    if not ids:
        return
    Input.objects.filter(pk__in=ids, used_at=None).update(used_at=timezone.now())
    if Input.objects.filter(pk__in=ids).count() < len(ids):
        raise BadRequest("An input was deleted because it was not used for a day. Choose it again.")


def delete_unused(now: datetime) -> int:
    """Delete uploads that no submission has used within UNUSED_RETENTION. Return their number."""
    unused = Input.objects.filter(used_at=None, created_at__lt=now - UNUSED_RETENTION)
    deleted = 0
    for row in unused.order_by("created_at")[:_BATCH_SIZE]:
        # The condition is repeated because a submission may have used it since the query.
        if Input.objects.filter(pk=row.pk, used_at=None).delete()[0]:
            delete_files([row])
            deleted += 1
    return deleted
