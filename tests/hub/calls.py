"""The calls of the stand-in hub, in the three revisions of the queue protocol."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from tests.hub import media
from tests.hub.ledger import HubGeneration, LoggedRequest
from tests.hub.misbehaviour import Plan, Reply
from tests.hub.world import World

NOT_FOUND = {
    "error": {"type": "resource_not_found", "title": "The requested resource could not be found"},
    "status": "error",
    "status_message": "resource_not_found",
}
NO_ROUTE = {"errors": {"detail": "Not Found"}}


@dataclass
class Request:
    """A request to one call: `args` are the variable parts of its path."""

    log: LoggedRequest
    args: tuple[str, ...]
    body: bytes
    plan: Plan


ALL, LATER, NEWEST = ("classic", "bridge", "current"), ("bridge", "current"), ("current",)

#: The revisions that have a call, its method and path, and its name.
ROUTES = [
    (ALL, "POST", "/api/ai/queue", "enqueue"),
    (("classic",), "GET", "/api/media/generations/status/([^/]+)/(.+)", "list"),
    (LATER, "GET", "/api/ai/queue", "list"),
    (LATER, "GET", "/api/ai/queue/([^/]+)", "one"),
    (("classic",), "DELETE", "/api/media/generations/([^/]+)/([^/]+)", "cancel"),
    (LATER, "DELETE", "/api/ai/queue/([^/]+)", "cancel"),
    (ALL, "GET", "/api/ai/models", "models"),
    (ALL, "GET", "/api/ai/models/search", "search"),
    (ALL, "GET", "/api/ai/models/(.+)", "model"),
    (LATER, "GET", "/api/events", "events"),
    (NEWEST, "GET", "/api/ai/generations", "history"),
    (NEWEST, "GET", "/api/ai/generations/([^/]+)", "generation"),
    (ALL, "GET", "/api/users/me", "me"),
    (ALL, "GET", "/results/([^/]+)", "result"),
    (ALL, "GET", "/api/files/([^/]+)", "result"),
]
#: Calls that need no key.
PUBLIC_CALLS = ("models", "model", "search", "result")


def route(hub: World, method: str, path: str) -> tuple[str, tuple[str, ...]]:
    """Return the name of a call and the variable parts of its path: `unknown` if the hub has none."""
    if path in hub.pages:
        return "page", (path,)
    for revisions, route_method, pattern, call in ROUTES:
        if hub.revision in revisions and route_method == method and (match := re.fullmatch(pattern, path)):
            return call, tuple(map(unquote, match.groups()))
    return "unknown", ()


def answer(hub: World, call: str, request: Request) -> Reply:
    """Make a call and return the correct reply."""
    if call == "page":
        page: Reply = hub.pages[request.args[0]]
        return page
    if call == "unknown":
        return Reply(404, NO_ROUTE)
    user = hub.keys.get(request.log.key or "")
    if user is None and call not in PUBLIC_CALLS:
        return error(401, "unauthenticated")
    with hub.lock:
        return CALLS[call](hub, request, user or "")


def error(status: int, text: str) -> Reply:
    return Reply(status, {"error": {"message": text}})


# The queue


def enqueue(hub: World, request: Request, user: str) -> Reply:
    params = json.loads(request.body)
    model, count = params.pop("model", None), params.pop("num_generations", 1)
    namespace = params.pop("target_namespace", None) or user
    if rejected := reject(hub, model, count, namespace):
        return rejected
    generations = [
        hub.make(model, params, user=user, namespace=namespace, post=request.log.number)
        for _ in range(count + request.plan.extra)
    ]
    rows = [{"generation_id": generation.id, "status": generation.state} for generation in generations]
    if request.plan.ends_unseen:
        for generation in generations:
            hub.finish(generation.id)
    return Reply(200, {"generations": rows})


def reject(hub: World, model: Any, count: Any, namespace: str) -> Reply | None:
    """Return the error for an enqueue that the hub does not accept."""
    if model not in hub.models:
        return error(404, f"Model not found: {model}")
    if hub.media_type(model) is None:
        return error(415, ":unsupported_media_type")
    if not isinstance(count, int) or not 1 <= count <= hub.max_generations:
        return error(400, f"num_generations must be an integer between 1 and {hub.max_generations}")
    if namespace not in hub.namespaces:
        return error(403, f"{namespace} is not yours")
    if hub.credits.get(namespace, Decimal(10**6)) <= 0:
        return error(402, "Insufficient credits")
    return None


def list_generations(hub: World, request: Request, user: str) -> Reply:
    query, generations = request.log.query, hub.ledger.live
    if hub.revision == "classic":
        wanted = dict(zip(("namespace", "model"), request.args, strict=True))
        rows = [row_of(hub, generation) for generation in generations if has(generation, wanted)]
        return Reply(200, {"status": "success", "count": len(rows), "generations": rows})
    if hub.revision == "bridge":
        if "model" not in query:
            return error(400, "model is required")
        wanted = {"user": user, "model": query["model"]}
    else:
        wanted = {"namespace": query.get("namespace", user)}
        if wanted["namespace"] not in hub.namespaces:
            return error(403, f"{wanted['namespace']} is not yours")
        if "status" in query:
            generations = list(hub.ledger.generations.values())
        fields = {"model": "model", "media_type": "media_type", "status": "state"}
        wanted |= {field: query[name] for name, field in fields.items() if name in query}
    rows = [row_of(hub, generation) for generation in generations if has(generation, wanted)]
    return Reply(200, {"count": len(rows), "generations": rows})


def has(generation: HubGeneration, wanted: dict[str, str]) -> bool:
    return all(getattr(generation, field) == value for field, value in wanted.items())


def row_of(hub: World, generation: HubGeneration) -> dict[str, Any]:
    """Return a generation as a row of the list."""
    fields: dict[str, Any] = {
        "generation_id": generation.id,
        "model_name": generation.model,
        "enqueued_at": int(generation.enqueued_at + hub.skew),
    }
    if hub.revision == "classic":
        fields["model"] = generation.model
    else:
        fields |= {"media_type": generation.media_type, "status": generation.state}
    if hub.revision == "current":
        fields |= {
            "started_at": generation.started_at and int(generation.started_at + hub.skew),
            "completed_at": generation.ended_at and int(generation.ended_at + hub.skew),
            "result_url": hub.result_link(generation) if generation.state == "succeeded" else None,
            "error_message": generation.error,
            "target_namespace": generation.namespace,
            "target_repo": None,
            "target_directory": None,
        }
    return {**fields, **generation.params} if hub.params_on_top else {**generation.params, **fields}


def get_generation(hub: World, request: Request, user: str) -> Reply:
    generation = find_own(hub, request.args[0], user)
    if generation is None or (hub.revision == "bridge" and not generation.live):
        return Reply(404, NOT_FOUND)
    return Reply(200, row_of(hub, generation))


def find_own(hub: World, generation_id: str, user: str) -> HubGeneration | None:
    generation = hub.ledger.generations.get(generation_id)
    return generation if generation and user in (generation.user, generation.namespace) else None


def cancel(hub: World, request: Request, user: str) -> Reply:
    generation_id = request.args[-1]
    if find_own(hub, generation_id, user) is None or not hub.cancel(generation_id):
        return Reply(404, NOT_FOUND)
    return Reply(200, {"status": "success", "generation_id": generation_id})


# The catalog


def list_models(hub: World, request: Request, user: str) -> Reply:
    listed = [model for name, model in hub.models.items() if name not in hub.unlisted]
    return Reply(200, {"object": "list", "data": listed})


def search_models(hub: World, request: Request, user: str) -> Reply:
    text = request.log.query.get("search", "").lower()
    found = [
        model
        for name, model in hub.models.items()
        if text in name.lower() or text in str(model.get("display_name", "")).lower()
    ]
    return Reply(200, {"object": "list", "data": found})


def get_model(hub: World, request: Request, user: str) -> Reply:
    model = hub.models.get(request.args[0])
    if model is None:
        return error(404, f"Model not found: {request.args[0]}")
    return Reply(200, {"data": model} if hub.model_under_data else model)


# The account


def list_history(hub: World, request: Request, user: str) -> Reply:
    query = request.log.query
    page, size = int(query.get("page", 1)), min(int(query.get("page_size", 50)), 1000)
    generations = [item for item in reversed(hub.ledger.generations.values()) if item.user == user]
    entries = [entry_of(hub, item) for item in generations[(page - 1) * size : page * size]]
    return Reply(
        200,
        {
            "count": len(entries),
            "generations": entries,
            "page_number": page,
            "page_size": size,
            "total_pages": -(-len(generations) // size),
            "total_entries": len(generations),
            "total_cost": str(sum((item.billed for item in generations), Decimal())),
        },
    )


def entry_of(hub: World, generation: HubGeneration) -> dict[str, Any]:
    """Return a generation as an entry of the history."""
    user = {"user_id": f"id-of-{generation.user}", "username": generation.user, "user_image": None}
    return {**row_of(hub, generation), "cost": str(generation.billed), **user}


def get_history_entry(hub: World, request: Request, user: str) -> Reply:
    generation = find_own(hub, request.args[0], user)
    if generation is None:
        return Reply(404, NOT_FOUND)
    entry = entry_of(hub, generation)
    return Reply(200, {"status": "success", "status_message": "resource_found", "generation": entry})


def get_account(hub: World, request: Request, user: str) -> Reply:
    if not hub.tells_account:
        return Reply(404, NO_ROUTE)
    return Reply(200, {"username": user, "balance": str(hub.credits.get(user, Decimal("100.00")))})


# Results and events


def get_result(hub: World, request: Request, user: str) -> Reply:
    generation_id, _, suffix = request.args[0].partition(".")
    generation = hub.ledger.generations.get(generation_id)
    if generation is None or generation.state != "succeeded":
        return Reply(404, NOT_FOUND)
    if request.log.path.startswith("/api/files/"):
        if not user:
            return error(401, "unauthenticated")
    elif not hub.is_valid_signature(request.log.query.get("signature")):
        return Reply(403, b"<Error><Code>AccessDenied</Code></Error>", {"Content-Type": "application/xml"})
    if suffix == "mp4":
        return Reply(200, media.mp4(generation.id), {"Content-Type": "video/mp4"})
    return Reply(200, media.png(generation.id), {"Content-Type": "image/png"})


def no_events(hub: World, request: Request, user: str) -> Reply:
    """Refuse a stream; the server itself sends streams."""
    return Reply(404, NO_ROUTE)


CALLS: dict[str, Callable[[World, Request, str], Reply]] = {
    "enqueue": enqueue,
    "list": list_generations,
    "one": get_generation,
    "cancel": cancel,
    "models": list_models,
    "search": search_models,
    "model": get_model,
    "events": no_events,
    "history": list_history,
    "generation": get_history_entry,
    "me": get_account,
    "result": get_result,
}
