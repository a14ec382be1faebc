"""The house's rules: dependencies point down, no circles, pages stay apart, the server stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.ui.server.health import HEAVY_PACKAGES

ROOT = Path(__file__).resolve().parent.parent.parent
RANKS = (
    (
        "lib.settings",
        "lib.errors",
        "lib.escapes",
        "lib.format",
        "lib.memory",
        "lib.metrics",
        "lib.process",
        "lib.progress",
        "lib.vectors",
        "lib.shapes",
        "lib.typed_json",
    ),
    ("lib.recipe",),
    ("lib.store",),
    ("lib.models", "lib.data"),
    ("lib.training", "lib.evaluation", "lib.projection"),
    ("lib.experiments", "lib.cluster"),
    ("lib.charts", "lib.jobs"),
    ("lib.report",),
    ("lib.ui",),
    ("pages", "lib.commands"),
    ("app", "lib.__main__", "lib.api"),
)
"""Rooms from the ground up: a room may import its own rank and those below."""

BESIDE = {
    ("lib.training", "lib.evaluation"),
    ("lib.projection", "lib.evaluation"),
    ("lib.models", "lib.data"),
    ("lib.experiments", "lib.cluster"),
}
"""Rooms of one rank where one may import the other, in this direction only."""


def modules() -> dict[str, Path]:
    """Find every module of the product by its dotted name."""
    files = [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "lib").rglob("*.py")]
    return {dotted_name(path): path for path in files}


def dotted_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Yield what a module imports, anywhere in it but under TYPE_CHECKING."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(name: str) -> str | None:
    names = [room for rank in RANKS for room in rank]
    return next((one for one in names if name == one or name.startswith(f"{one}.")), None)


def rank(name: str) -> int:
    return next(number for number, rooms in enumerate(RANKS) if name in rooms)


@pytest.mark.parametrize("name", sorted(modules()))
def test_dependencies_point_down(name: str) -> None:
    here = room(name)
    if here is None:
        assert name == "lib"
        return
    for imported in imports(modules()[name]):
        there = room(imported)
        if there is None or there == here:
            continue
        same = rank(here) == rank(there)
        allowed = rank(there) < rank(here) or (same and ((here, there) in BESIDE or rank(here) == 0))
        assert allowed, f"{name} imports {imported}"


def test_pages_never_import_each_other() -> None:
    for name, path in modules().items():
        if name.startswith("pages."):
            assert not [one for one in imports(path) if one.startswith("pages")], name


def test_only_the_ui_imports_streamlit() -> None:
    for name, path in modules().items():
        if name.startswith("lib") and not name.startswith("lib.ui"):
            assert not [one for one in imports(path) if one.split(".")[0] == "streamlit"], name


def test_no_module_imports_itself_in_a_circle() -> None:
    """Imports inside functions count too: a circle that waits for a call is still a circle."""
    known = modules()
    edges = {
        name: {one for one in direct_imports(path) if one in known and one != name} for name, path in known.items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name in done:
            return
        for other in sorted(edges[name]):
            visit(other, (*trail, name))
        done.add(name)

    for name in sorted(edges):
        visit(name, ())


def direct_imports(path: Path) -> Iterator[str]:
    """Yield the modules that a module needs, at its top or inside a function.

    `from package import module` needs the module.
    """
    known = modules()
    for name in imports(path):
        parent = name.rpartition(".")[0]
        if name in known:
            children = [one for one in imports(path) if one.startswith(f"{name}.") and one in known]
            if not children:
                yield name
        elif parent in known:
            yield parent


UI_ROOMS = ("upload", "train", "overview", "explore", "server")
"""Rooms of lib.ui; each may import itself and lib.ui.shared, never another."""


def test_rooms_of_the_ui_never_import_each_other() -> None:
    for name, path in modules().items():
        parts = name.split(".")
        if parts[:2] != ["lib", "ui"] or len(parts) < 3:
            continue
        others = {one.split(".")[2] for one in imports(path) if one.startswith("lib.ui.") and one.count(".") >= 2}
        others -= {parts[2], "shared"}
        assert not others, f"{name} imports lib.ui.{others}"


ENTRY_POINTS = {"main"}
"""Names that `python -m` modules share."""

COMMAND_NAMES = {"add", "run"}
"""What every module of lib.commands offers to lib.__main__."""


API_NAMES = {"train", "compare"}
"""What a notebook imports from lib, by the words that it expects; a module of lib.api has them."""


def public_names(path: Path) -> Iterator[str]:
    """Yield the functions, classes and constants that a module defines, but private ones."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def test_no_public_name_stands_in_two_modules() -> None:
    """A name that is searched for has one meaning."""
    owners: dict[str, set[str]] = {}
    for name, path in modules().items():
        if name.startswith("lib."):
            shared = ENTRY_POINTS | (COMMAND_NAMES if name.startswith("lib.commands.") else set())
            shared |= API_NAMES if name.startswith("lib.api.") else set()
            for one in set(public_names(path)) - shared:
                if not one.startswith("_"):
                    owners.setdefault(one, set()).add(name)
    assert {one: sorted(names) for one, names in owners.items() if len(names) > 1} == {}


def test_files_and_functions_stay_small() -> None:
    for name, path in modules().items():
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 400, name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 70, f"{name}.{node.name}"


MOST_SUMMARY_CHARACTERS = 100
"""Of the first line of a docstring."""

DOCSTRING_FOLDERS = ("lib", "pages", "tools", "bench")
"""Folders whose docstrings are read."""


def docstrings() -> Iterator[tuple[str, str]]:
    """Yield place and text of each docstring of a module, class or function outside the tests."""
    for path in [ROOT / "app.py", *(path for folder in DOCSTRING_FOLDERS for path in (ROOT / folder).rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = ast.get_docstring(node)
                if text:
                    yield f"{dotted_name(path)}.{getattr(node, 'name', '')}", text


def test_docstrings_begin_with_one_short_plain_line() -> None:
    """The first line says what is done, not that something is returned, and fits a tooltip."""
    summaries = [(place, text.splitlines()[0]) for place, text in docstrings()]
    assert len(summaries) > 1_000
    assert [place for place, line in summaries if len(line) > MOST_SUMMARY_CHARACTERS] == []
    assert [place for place, line in summaries if line.startswith(("Return ", "Returns ", "Say whether "))] == []


def test_nothing_shows_a_persons_text_as_html_or_code() -> None:
    """A text is never executed, and html is never let through."""
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                own = bool(node.args) and isinstance(node.args[0], ast.Name) and node.args[0].id.isupper()
                flags = {
                    word.arg for word in node.keywords if isinstance(word.value, ast.Constant) and word.value.value
                }
                if own:  # a constant of the module: a file of ours, never a person's words
                    flags.discard("unsafe_allow_javascript")
                assert not flags & {"unsafe_allow_html", "unsafe_allow_javascript", "trust_remote_code"}, name


def test_cached_readers_hash_the_stamp_of_what_they_read() -> None:
    """Streamlit leaves parameters that begin with an underscore out: such a stamp would serve an old file."""
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any("cache_" in ast.dump(one) for one in node.decorator_list):
                names = [one.arg for one in (*node.args.args, *node.args.kwonlyargs)]
                assert not [one for one in names if one.startswith("_") and "stamp" in one], f"{name}.{node.name}"


def test_what_the_server_imports_is_light() -> None:
    """Import the server and everything that pages import, in a fresh process, and look at what came along."""
    page_modules = sorted({one for path in (ROOT / "pages").glob("*.py") for one in imports(path) if one in modules()})
    sections = [
        "lib.ui.explore.evaluation.verdict",
        "lib.ui.explore.map.section",
        "lib.ui.explore.pairs.table",
        "lib.ui.explore.playground",
    ]
    there = [name for name in [*page_modules, *sections] if name in modules()]
    code = (
        f"import sys, importlib\nfor name in {there!r}: importlib.import_module(name)\n"
        f"import app\nprint([name for name in {HEAVY_PACKAGES!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().splitlines()[-1] == "[]"
