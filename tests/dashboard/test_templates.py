"""Templates stay readable, and refer only to icons, design tokens and files that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLESHEETS = sorted(path for path in (ROOT / "static/css").glob("*.css") if path.name != "admin.css")
SCRIPTS = sorted((ROOT / "static/js").glob("*.js"))
MAX_LINE = 120


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*TEMPLATES, *STYLESHEETS, *SCRIPTS], ids=name_of)
def test_lines_fit_on_the_screen(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > MAX_LINE] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_icons_exist(path: Path) -> None:
    icons = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons.svg").read_text()))
    assert set(re.findall(r'{% icon "([^"]+)"', path.read_text())) <= icons


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_included_templates_and_static_files_exist(path: Path) -> None:
    text = path.read_text()
    for name in re.findall(r'{% include "([^"]+)"', text):
        assert (ROOT / "templates" / name).is_file()
    for name in re.findall(r"{% static '((?:css|js)/[^']+)'", text):
        assert (ROOT / "static" / name).is_file()


@pytest.mark.parametrize("path", STYLESHEETS, ids=name_of)
def test_design_tokens_exist(path: Path) -> None:
    tokens = set(re.findall(r"(--[\w-]+):", (ROOT / "static/css/tokens.css").read_text()))
    assert set(re.findall(r"var\((--[\w-]+)", path.read_text())) <= tokens
