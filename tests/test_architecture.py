"""The shape of the code, kept true: imports point down only, and small things stay small."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

#: Each layer may import from itself and from what stands below it. A name that is missing here is a
#: file nobody has placed yet.
LAYERS: list[set[str]] = [
    {"dashboard"},
    {"apps"},
    {"admin", "management"},
    {"keeper"},
    {"tasks", "schedules", "checks"},
    {"pump"},
    {"lanes"},
    {"poller", "search", "cancelling", "listener", "bells", "release", "render"},
    {"fetching", "checking"},
    {"rounds", "lifesigns"},
    {"backends", "services", "migrations"},
    {"models", "storage"},
    {"states", "params", "datauri", "media", "engine", "upstream", "lifeline", "sealing"},
    {"errors"},
]
#: What pages may use: a web request never waits for a hub.
OPEN_TO_PAGES = {
    "datauri",
    "errors",
    "lifeline",
    "media",
    "models",
    "params",
    "services",
    "states",
    "storage",
}
DJANGO_FREE = {"states", "params", "errors", "datauri", "media", "engine", "upstream", "lifeline"}


def sources() -> list[Path]:
    return [path for app in ("queueapp", "dashboard") for path in sorted((ROOT / app).rglob("*.py"))]


def part(path: Path) -> str:
    """The layer's word for a file: a module or package of queueapp, or dashboard as a whole."""
    app, first = path.relative_to(ROOT).parts[:2]
    return app if app == "dashboard" else first.removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parts_used(path: Path) -> set[str]:
    found = set()
    for name in imports(path):
        pieces = name.split(".")
        if pieces[0] == "dashboard":
            found.add("dashboard")
        elif pieces[0] == "queueapp" and len(pieces) > 1 and placed(pieces[1]):
            found.add(pieces[1])
    return found


def placed(name: str) -> bool:
    return (ROOT / "queueapp" / name).is_dir() or (ROOT / "queueapp" / f"{name}.py").is_file()


def height(name: str) -> int:
    return next(len(LAYERS) - depth for depth, layer in enumerate(LAYERS) if name in layer)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    own = part(path)
    if own == "__init__":
        return
    above = {used for used in parts_used(path) - {own} if height(used) >= height(own)}
    assert not above, f"{own} imports {above}, which stands no lower"


@pytest.mark.parametrize("path", [p for p in sources() if part(p) == "dashboard"], ids=lambda path: path.name)
def test_a_page_never_waits_for_a_backend(path: Path) -> None:
    assert parts_used(path) <= OPEN_TO_PAGES | {"dashboard"}


@pytest.mark.parametrize("path", [p for p in sources() if part(p) in DJANGO_FREE], ids=lambda path: path.name)
def test_what_is_pure_knows_no_django(path: Path) -> None:
    assert not [name for name in imports(path) if name.startswith("django")]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    if "migrations" in path.parts:
        return
    assert text.count("\n") <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, node.name


def test_only_services_write_a_state() -> None:
    writers = [
        str(path.relative_to(ROOT))
        for path in sources()
        if "update(state=" in path.read_text() or ".state = " in path.read_text()
    ]
    assert writers == []
