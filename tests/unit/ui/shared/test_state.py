"""Only the modules that own session keys and query parameters read them by a name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
STORES = {"session_state", "query_params"}
OWNERS = {"lib/ui/shared/state.py", "lib/ui/upload/session.py"}
"""Modules that hold the names themselves."""


def key_expressions(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what stands as key in st.session_state[...], .get(...), .pop(...) and the like.

    Also of query_params.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and is_store(node.value):
            yield node.slice
        elif isinstance(node, ast.Compare) and any(is_store(one) for one in node.comparators):
            yield node.left
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_store(node.func.value):
            yield from node.args[:1]


def is_store(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in STORES


def test_no_other_module_names_a_session_key_or_query_parameter() -> None:
    offenders = []
    for path in [*(ROOT / "lib").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"]:
        name = path.relative_to(ROOT).as_posix()
        if name in OWNERS:
            continue
        for key in key_expressions(ast.parse(path.read_text(encoding="utf-8"))):
            if any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in ast.walk(key)):
                offenders.append(f"{name}:{key.lineno}")
    assert offenders == []


def test_links_to_a_page_name_their_parameters_by_the_constants() -> None:
    offenders = []
    for path in [*(ROOT / "lib" / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "query_params" and isinstance(node.value, ast.Dict):
                offenders += [
                    f"{path.name}:{key.lineno}" for key in node.value.keys if key and isinstance(key, ast.Constant)
                ]
    assert offenders == []
