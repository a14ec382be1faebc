"""Every path of a workspace stands in one module."""

from __future__ import annotations

import re
from pathlib import Path

import lib
from lib.store.layout import RunPaths, WorkspacePaths

LITERAL = re.compile(r"(home|workspace\.home|run\.folder|dataset\.folder|[._]home)\s*/\s*f?[\"']")
"""A path of a workspace that is built on the spot."""


def test_no_other_module_builds_a_path_of_a_workspace() -> None:
    root = Path(lib.__file__).parent
    found = [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for path in sorted(root.rglob("*.py"))
        if path.name
        not in {"layout.py", "check.py"}  # check.py moves a damaged database aside, under a name of its own
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if LITERAL.search(line)
    ]
    assert found == []


def test_paths_lie_under_their_folder(tmp_path: Path) -> None:
    assert WorkspacePaths(tmp_path).database.parent == tmp_path
    paths = RunPaths(tmp_path)
    for path in (paths.snapshots.index, paths.evaluation.summary, paths.map.summary, paths.evaluation_on("ab").pairs):
        assert path.is_relative_to(tmp_path)
        assert path.parent != tmp_path
