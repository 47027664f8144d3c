"""The structure of the code: imports point down only, small files stay small, pages never reach a hub."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

#: The layers, top first. A part may import from its own layer and from those below it.
LAYERS: list[set[str]] = [
    {"dashboard"},
    {"apps", "checks", "management", "processes", "jobs", "tasks"},
    {"poller"},
    {"services", "backends", "migrations"},
    {"models", "files"},
    {"states", "params", "errors", "upstream", "engine", "builtin_models", "encryption"},
]
#: Parts of queueapp that the dashboard may import.
OPEN_TO_PAGES = {"errors", "files", "models", "params", "processes", "services", "states", "upstream"}
#: Modules that a web process never loads: they make results, or wait for a hub.
CLOSED_TO_PAGES = (
    "queueapp.backends",
    "queueapp.engine",
    "queueapp.jobs",
    "queueapp.poller",
    "queueapp.upstream.client",
    "queueapp.upstream.probe",
    "queueapp.upstream.sockets",
    "queueapp.upstream.transport",
)
#: Parts that know nothing of Django.
PURE = {"states", "params", "errors", "engine", "builtin_models", "upstream"}


def sources() -> list[Path]:
    return [path for app in ("queueapp", "dashboard") for path in sorted((ROOT / app).rglob("*.py"))]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in sources()}


def part(module: str) -> str:
    """The name of a module in LAYERS: a module or package of queueapp, or dashboard as a whole."""
    pieces = module.split(".")
    return pieces[0] if pieces[0] == "dashboard" or len(pieces) == 1 else pieces[1]


def layer(module: str) -> int:
    return next(depth for depth, parts in enumerate(LAYERS) if part(module) in parts)


def imports(path: Path, *, top_only: bool = False) -> Iterator[str]:
    """The modules of this project that a file imports; with `top_only`, only when it is loaded itself."""
    tree = ast.parse(path.read_text())
    for node in ast.iter_child_nodes(tree) if top_only else ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        found = [name for name in names if name in MODULES]
        yield from found[1:] if len(found) > 1 else found


def by_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", sources(), ids=by_name)
def test_imports_point_down(path: Path) -> None:
    own = module_of(path)
    if own in ("queueapp", "queueapp.migrations"):
        return
    above = [name for name in imports(path) if name != "queueapp" and layer(name) < layer(own)]
    assert not above


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name: set(imports(path, top_only=True)) - {name} for name, path in MODULES.items()}
    while leaves := {name for name, used in graph.items() if not used & graph.keys()}:
        graph = {name: used for name, used in graph.items() if name not in leaves}
    assert not graph


@pytest.mark.parametrize("path", sorted((ROOT / "dashboard").rglob("*.py")), ids=by_name)
def test_pages_import_no_part_that_makes_results(path: Path) -> None:
    parts = {part(name) for name in imports(path) if name != "queueapp"}
    assert parts <= OPEN_TO_PAGES | {"dashboard"}


def test_a_started_web_process_has_loaded_nothing_that_waits_for_a_hub(tmp_path: Path) -> None:
    script = (
        "import json, sys; import tests.settings; from dashboard.wsgi import application;"
        "from django.urls import get_resolver; from django.contrib import admin;"
        "patterns = get_resolver().url_patterns; admin.site.urls;"
        "print(json.dumps([name for name in sys.modules if name.startswith('queueapp')]))"
    )
    output = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", "TMPDIR": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    loaded = json.loads(output)
    assert "queueapp.services.generations" in loaded
    assert [name for name in loaded if name.startswith(CLOSED_TO_PAGES)] == []


@pytest.mark.parametrize("path", [p for p in sources() if part(module_of(p)) in PURE], ids=by_name)
def test_pure_parts_know_nothing_of_django(path: Path) -> None:
    names = [alias.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import)
             for alias in node.names]  # fmt: skip
    names += [node.module or "" for node in ast.walk(ast.parse(path.read_text()))
              if isinstance(node, ast.ImportFrom)]  # fmt: skip
    assert not [name for name in names if name.startswith("django")]


@pytest.mark.parametrize("path", sources(), ids=by_name)
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    if "migrations" in path.parts:
        return
    assert text.count("\n") <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, node.name
