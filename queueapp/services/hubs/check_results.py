"""Store the result of a check, and stop or resume the connection accordingly."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from queueapp.models import Connection
from queueapp.services.hubs import health
from queueapp.services.hubs.checks import is_check_pending
from queueapp.services.hubs.connections import count_unfinished, same_account
from queueapp.services.hubs.namespaces import connections_to, get_hub_namespace

if TYPE_CHECKING:  # Web processes use the services, and never load what calls a hub.
    from queueapp.upstream.probe_report import Probe

#: The revisions of the protocol, the oldest first.
_REVISIONS = [revision.value for revision in Connection.Revision]


def record_check(connection: Connection, probe: "Probe", started_at: datetime) -> bool:
    """Store the result of a check, and stop or resume the connection. Return whether it can be used.

    The result is discarded if the address or account was changed after `started_at`.
    """
    requested = is_check_pending(connection)
    fields = _check_fields(connection, probe, requested)
    is_usable: bool = fields["check_ok"]
    if not same_account(connection).update(**fields, checked_at=started_at):
        return False
    connection.refresh_from_db()
    health.record_clock_offset(connection, probe.clock_offset)
    if probe.key_accepted is False:
        health.stop(connection, Connection.StopReason.KEY, probe.error)
    elif is_usable and _may_resume(connection, probe, requested):
        health.resume(connection)
    return is_usable


def record_unreadable_key(connection: Connection, message: str, started_at: datetime) -> None:
    """Store a check that failed because the stored key cannot be decrypted, and stop the connection."""
    failed = {"checked_at": started_at, "check_ok": False, "check_report": message}
    if same_account(connection).update(**failed):
        health.stop(connection, Connection.StopReason.KEY, message)


def _check_fields(connection: Connection, probe: "Probe", requested: bool) -> dict[str, Any]:
    revision, revision_warnings = _choose_revision(connection, probe, requested)
    namespace = connection.namespace or (probe.namespace or "")[:150]
    is_configured = health.is_configured(Connection(revision=revision, namespace=namespace))
    report = (*probe.report_lines(), *revision_warnings, *_shared_namespace_warnings(connection, namespace))
    fields: dict[str, Any] = {
        "revision": revision,
        "namespace": namespace,
        "check_ok": probe.usable and is_configured,
        "check_report": "\n".join(report),
    }
    if probe.usable and connection.supports_events is not True:
        fields["supports_events"] = None  # Try the event stream again.
    return fields


def _choose_revision(connection: Connection, probe: "Probe", requested: bool) -> tuple[str, list[str]]:
    """Return the revision to use, and warnings about the one that the probe found.

    A proxy's error page in place of one response makes a hub look older than it is. Older revisions report
    less, so an older one is accepted only when a person requested the check and no work is unfinished.
    """
    known = connection.revision
    if probe.namespace_error:
        # Without a revision the connection stays unconfigured, so nothing is sent to that namespace.
        return known, []
    found = str(probe.revision or known)
    if not known or _REVISIONS.index(found) >= _REVISIONS.index(known):
        return found, []
    if requested and not any(count_unfinished(connection)):
        return found, []
    condition = "all work at this hub has ended" if requested else "you press “Check”"
    return known, [
        f"It looks like a hub of the {found} revision. Drover keeps using the {known} one until {condition}."
    ]


def _shared_namespace_warnings(connection: Connection, namespace: str) -> Iterator[str]:
    if not namespace:
        return
    for other in connections_to(get_hub_namespace(connection)._replace(namespace=namespace)):
        if other.pk != connection.pk:
            yield f"The connection {other.name} uses the same namespace: their capacities add up there."


def _may_resume(connection: Connection, probe: "Probe", requested: bool) -> bool:
    """Return whether a successful check clears the reason of a stop.

    An accepted key says nothing about credits, so a stop for credits needs a positive balance. Where the
    hub reports no balance, a person who requests a check is taken to have topped up the account.
    """
    if connection.stop_reason == Connection.StopReason.CREDITS:
        return requested if probe.balance is None else probe.balance > 0
    return requested or probe.key_accepted is True
