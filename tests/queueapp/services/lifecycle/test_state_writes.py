"""Only `transitions.py` writes the state of a generation, so every change has its event and its version."""

import ast
import re
from collections.abc import Iterator, Sequence, Set
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
TRANSITIONS = ROOT / "queueapp/services/lifecycle/transitions.py"
SOURCES = [
    path
    for app in ("queueapp", "dashboard")
    for path in sorted((ROOT / app).rglob("*.py"))
    if path != TRANSITIONS and "migrations" not in path.parts
]
#: Methods that write the columns named by their keyword arguments.
WRITERS = {"update", "aupdate", "update_or_create", "aupdate_or_create"}
#: Functions that create a row with the columns named by their keyword arguments.
CREATORS = {"Generation", "create", "acreate", "get_or_create", "aget_or_create"}
#: Functions that write the columns that are listed in an argument.
LIST_WRITERS = {"bulk_update", "abulk_update", "save", "asave", "bulk_create", "abulk_create"}
RAW_SQL = re.compile(r"\b(update|insert\s+into)\s+\"?queueapp_generation\b", re.I)


def state_writes(source: str) -> list[int]:
    """Return the numbers of the lines that may write a generation's state."""
    tree = ast.parse(source)
    writers = project_writers() | forwarders([tree], WRITERS)
    return sorted({line for scope in scopes(tree) for line in writes_in(scope, writers)})


@cache
def project_writers() -> frozenset[str]:
    """Return WRITERS and the project's functions that pass their keyword arguments on to one of them."""
    return frozenset(forwarders([ast.parse(path.read_text()) for path in [*SOURCES, TRANSITIONS]], WRITERS))


def forwarders(trees: Sequence[ast.Module], writers: set[str]) -> set[str]:
    """Return `writers` and the functions that pass their `**fields` on to one of them, directly or not."""
    functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    found = {function.name for function in functions if forwards(function, writers)} | writers
    return found if found == writers else forwarders(trees, found)


def forwards(function: ast.FunctionDef, writers: set[str]) -> bool:
    fields = function.args.kwarg
    return fields is not None and any(
        keyword.arg is None and isinstance(keyword.value, ast.Name) and keyword.value.id == fields.arg
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and called_name(call) in writers
        for keyword in call.keywords
    )


def scopes(tree: ast.Module) -> Iterator[ast.AST]:
    yield tree
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def writes_in(scope: ast.AST, writers: Set[str]) -> Iterator[int]:
    dicts = names_of_dicts_with_state(scope)
    for node in ast.walk(scope):
        match node:
            case ast.Attribute(attr="state", ctx=ast.Store() | ast.Del()):
                yield node.lineno
            case ast.Call() if writes_state(node, writers, dicts):
                yield node.lineno
            case ast.Constant(value=str(text)) if RAW_SQL.search(text):
                yield node.lineno


def writes_state(call: ast.Call, writers: Set[str], dicts: set[str]) -> bool:
    name = called_name(call)
    if name == "setattr":
        return len(call.args) > 1 and is_state(call.args[1])
    if name in CREATORS and not creates_generation(call):
        return False
    if name in writers | CREATORS:
        return any(names_state(keyword, dicts) for keyword in call.keywords)
    if name in LIST_WRITERS:
        arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
        lists = [node for node in arguments if isinstance(node, ast.List | ast.Tuple | ast.Set)]
        return any(is_state(item) for node in lists for item in node.elts)
    return False


def called_name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def creates_generation(call: ast.Call) -> bool:
    """Return whether the call is `Generation(...)` or a method of its manager."""
    return any(isinstance(node, ast.Name) and node.id == "Generation" for node in ast.walk(call.func))


def names_state(keyword: ast.keyword, dicts: set[str]) -> bool:
    """Return whether an argument is `state=...`, or a dict (after `**` or `defaults=`) with that key."""
    if keyword.arg == "state":
        return True
    if keyword.arg not in (None, "defaults", "create_defaults"):
        return False
    return any(
        has_state_key(node) or (isinstance(node, ast.Name) and node.id in dicts)
        for node in ast.walk(keyword.value)
    )


def names_of_dicts_with_state(scope: ast.AST) -> set[str]:
    """Return the variables that hold a dict with the key "state"."""
    names: set[str] = set()
    for node in ast.walk(scope):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                | ast.AugAssign(target=ast.Name(id=name), value=value)
            ):
                if any(has_state_key(part) for part in ast.walk(value)):
                    names.add(name)
            case ast.Subscript(value=ast.Name(id=name), slice=key, ctx=ast.Store()) if is_state(key):
                names.add(name)
    return names


def has_state_key(node: ast.AST) -> bool:
    match node:
        case ast.Dict(keys=keys):
            return any(key is not None and is_state(key) for key in keys)
        case ast.Call(func=ast.Name(id="dict"), keywords=keywords):
            return any(keyword.arg == "state" for keyword in keywords)
        case _:
            return False


def is_state(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == "state"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_module_writes_a_state(path):
    assert state_writes(path.read_text()) == []


def test_the_module_that_may_write_a_state_is_recognised_as_writing_one():
    assert state_writes(TRANSITIONS.read_text())


@pytest.mark.parametrize(
    "violation",
    [
        "generation.state = State.FAILED",
        "generation.state: str = 'failed'",
        "generation.state, generation.reason = 'failed', 'It broke.'",
        "for generation.state in states: pass",
        "setattr(generation, 'state', 'failed')",
        "rows.update(reason='It broke.', state=State.FAILED)",
        "rows.update(**{'state': 'failed'})",
        "rows.update(**fields, **dict(state='failed'))",
        "fields = {'state': 'failed'}\nrows.update(**fields)",
        "def end(fields):\n    fields['state'] = 'failed'\n    rows.update(**fields)",
        "update_row(generation, state=State.FAILED)",
        "log_event(generation, Event.Kind.RESULT_STORED, state=State.FAILED)",
        "def write(**fields):\n    rows.update(**fields)\n\nwrite(state='failed')",
        "Generation.objects.update_or_create(pk=1, defaults={'state': 'failed'})",
        "Generation.objects.bulk_update(rows, ['state'])",
        "Generation.objects.bulk_update(rows, fields=('reason', 'state'))",
        "Generation.objects.bulk_create(rows, update_conflicts=True, update_fields=['state'])",
        "generation.save(update_fields=['state'])",
        "Generation(state=State.FAILED)",
        "Generation.objects.create(submission=submission, state='failed')",
        "cursor.execute('UPDATE queueapp_generation SET version = 1')",
    ],
)
def test_a_module_that_writes_a_state_is_found(violation):
    planted = f"import os\n\n{violation}\n"
    assert state_writes(planted)


@pytest.mark.parametrize(
    "harmless",
    [
        "if generation.state == State.FAILED: pass",
        "Generation.objects.filter(state=State.QUEUED).update(version=1)",
        "Event.objects.create(generation=generation, state=State.QUEUED)",
        "event = {'state': 'failed'}\nrows.update(completion_event=event)",
    ],
)
def test_a_module_that_only_reads_states_is_not_blamed(harmless):
    assert state_writes(harmless) == []
