"""The calls that the stand-in hub answers, in its three revisions."""

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


@dataclass
class Request:
    asked: LoggedRequest
    args: tuple[str, ...]
    body: bytes
    plan: Plan


ALL, LATER, NEWEST = ("classic", "bridge", "current"), ("bridge", "current"), ("current",)

#: Which revisions have which call at which address.
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


def call_of(hub: World, method: str, path: str) -> tuple[str, tuple[str, ...]]:
    """The name of a call and the parts of its address; `unknown` for what this revision does not have."""
    if path in hub.pages:
        return "page", (path,)
    for revisions, verb, pattern, call in ROUTES:
        if hub.revision in revisions and verb == method and (found := re.fullmatch(pattern, path)):
            return call, tuple(map(unquote, found.groups()))
    return "unknown", ()


def answer_to(hub: World, call: str, request: Request) -> Reply:
    """The right answer. Everything but models and results wants a key."""
    if call == "page":
        page: Reply = hub.pages[request.args[0]]
        return page
    if call == "unknown":
        return Reply(404, {"errors": {"detail": "Not Found"}})
    user = hub.user_of(request.asked.key)
    if user is None and call not in ("models", "model", "search", "result"):
        return error(401, "unauthenticated")
    with hub.lock:
        return ANSWERS[call](hub, request, user or "")


def error(status: int, text: str) -> Reply:
    return Reply(status, {"error": {"message": text}})


# The queue


def enqueue(hub: World, request: Request, user: str) -> Reply:
    order = json.loads(request.body)
    model, count = order.pop("model", None), order.pop("num_generations", 1)
    namespace = order.pop("target_namespace", None) or user
    if model not in hub.models:
        return error(404, f"Model not found: {model}")
    kind = hub.media_type(model)
    if kind is None:
        return error(415, ":unsupported_media_type")
    if not isinstance(count, int) or not 1 <= count <= hub.limit:
        return error(400, f"num_generations must be an integer between 1 and {hub.limit}")
    if namespace not in hub.namespaces:
        return error(403, f"{namespace} is not yours")
    if hub.credits.get(namespace, Decimal(10**6)) <= 0:
        return error(402, "Insufficient credits")
    number = request.asked.number
    made = [
        hub.make(model, order, user=user, namespace=namespace, post=number)
        for _ in range(count + request.plan.more)
    ]
    told = [{"generation_id": one.id, "status": one.state} for one in made]
    if request.plan.unseen:
        for one in made:
            hub.finish(one.id)
    return Reply(200, {"generations": told})


def listing(hub: World, request: Request, user: str) -> Reply:
    query = request.asked.query
    live = list(hub.ledger.live)
    if hub.revision == "classic":
        namespace, model = request.args
        rows = [made for made in live if made.namespace == namespace and made.model == model]
        return Reply(
            200, {"status": "success", "count": len(rows), "generations": [row_of(hub, row) for row in rows]}
        )
    if hub.revision == "bridge":
        if "model" not in query:
            return error(400, "model is required")
        rows = [made for made in live if made.user == user and made.model == query["model"]]
    else:
        namespace = query.get("namespace", user)
        if namespace not in hub.namespaces:
            return error(403, f"{namespace} is not yours")
        told = hub.ledger.generations.values() if "status" in query else live
        wanted = {"model": "model", "media_type": "media_type", "status": "state"}
        rows = [
            made
            for made in told
            if made.namespace == namespace
            and all(getattr(made, field) == query[name] for name, field in wanted.items() if name in query)
        ]
    return Reply(200, {"count": len(rows), "generations": [row_of(hub, row) for row in rows]})


def row_of(hub: World, made: HubGeneration) -> dict[str, Any]:
    system: dict[str, Any] = {
        "generation_id": made.id,
        "model_name": made.model,
        "enqueued_at": int(made.at + hub.skew),
    }
    if hub.revision == "classic":
        system["model"] = made.model
    else:
        system |= {"media_type": made.media_type, "status": made.state}
    if hub.revision == "current":
        system |= {
            "started_at": made.started_at and int(made.started_at + hub.skew),
            "completed_at": made.ended_at and int(made.ended_at + hub.skew),
            "result_url": hub.link(made) if made.state == "succeeded" else None,
            "error_message": made.error,
            "target_namespace": made.namespace,
            "target_repo": None,
            "target_directory": None,
        }
    return {**system, **made.params} if hub.params_on_top else {**made.params, **system}


def one(hub: World, request: Request, user: str) -> Reply:
    made = own(hub, request.args[0], user)
    if made is None or (hub.revision == "bridge" and not made.live):
        return Reply(404, NOT_FOUND)
    return Reply(200, row_of(hub, made))


def own(hub: World, generation: str, user: str) -> HubGeneration | None:
    made = hub.ledger.generations.get(generation)
    return made if made and user in (made.user, made.namespace) else None


def cancel(hub: World, request: Request, user: str) -> Reply:
    generation = request.args[-1]
    if own(hub, generation, user) is None or not hub.cancel(generation):
        return Reply(404, NOT_FOUND)
    return Reply(200, {"status": "success", "generation_id": generation})


# The catalog


def models(hub: World, request: Request, user: str) -> Reply:
    listed = [model for name, model in hub.models.items() if name not in hub.unlisted]
    return Reply(200, {"object": "list", "data": listed})


def search(hub: World, request: Request, user: str) -> Reply:
    text = request.asked.query.get("search", "").lower()
    found = [
        model
        for name, model in hub.models.items()
        if text in name.lower() or text in str(model.get("display_name", "")).lower()
    ]
    return Reply(200, {"object": "list", "data": found})


def model(hub: World, request: Request, user: str) -> Reply:
    found = hub.models.get(request.args[0])
    if found is None:
        return error(404, f"Model not found: {request.args[0]}")
    return Reply(200, {"data": found} if hub.model_under_data else found)


# The account


def history(hub: World, request: Request, user: str) -> Reply:
    query = request.asked.query
    page, size = int(query.get("page", 1)), min(int(query.get("page_size", 50)), 1000)
    rows = [made for made in reversed(hub.ledger.generations.values()) if made.user == user]
    shown = rows[(page - 1) * size : page * size]
    return Reply(
        200,
        {
            "count": len(shown),
            "generations": [past(hub, made) for made in shown],
            "page_number": page,
            "page_size": size,
            "total_pages": -(-len(rows) // size),
            "total_entries": len(rows),
            "total_cost": str(sum((made.billed for made in rows), Decimal())),
        },
    )


def past(hub: World, made: HubGeneration) -> dict[str, Any]:
    user = {"user_id": f"id-of-{made.user}", "username": made.user, "user_image": None}
    return {**row_of(hub, made), "cost": str(made.billed), **user}


def generation(hub: World, request: Request, user: str) -> Reply:
    made = own(hub, request.args[0], user)
    if made is None:
        return Reply(404, NOT_FOUND)
    return Reply(
        200, {"status": "success", "status_message": "resource_found", "generation": past(hub, made)}
    )


def me(hub: World, request: Request, user: str) -> Reply:
    if not hub.tells_account:
        return Reply(404, {"errors": {"detail": "Not Found"}})
    return Reply(200, {"username": user, "balance": str(hub.credits.get(user, Decimal("100.00")))})


# Results


def result(hub: World, request: Request, user: str) -> Reply:
    name, _, kind = request.args[0].partition(".")
    made = hub.ledger.generations.get(name)
    if made is None or made.state != "succeeded":
        return Reply(404, NOT_FOUND)
    if request.asked.path.startswith("/api/files/"):
        if not user:
            return error(401, "unauthenticated")
    elif not hub.signed(request.asked.query.get("signature")):
        return Reply(403, b"<Error><Code>AccessDenied</Code></Error>", {"Content-Type": "application/xml"})
    if kind == "mp4":
        return Reply(200, media.mp4(made.id), {"Content-Type": "video/mp4"})
    return Reply(200, media.png(made.id), {"Content-Type": "image/png"})


def no_events(hub: World, request: Request, user: str) -> Reply:
    return Reply(404, {"errors": {"detail": "Not Found"}})


ANSWERS: dict[str, Callable[[World, Request, str], Reply]] = {
    "enqueue": enqueue,
    "list": listing,
    "one": one,
    "cancel": cancel,
    "models": models,
    "search": search,
    "model": model,
    "events": no_events,
    "history": history,
    "generation": generation,
    "me": me,
    "result": result,
}
