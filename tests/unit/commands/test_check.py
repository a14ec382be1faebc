"""`python -m lib check` and `runs` on an empty and on a damaged workspace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lib.__main__ import COMMANDS, main
from lib.store.run_settings import train_command
from lib.store.workspace import open_workspace
from tests.builders import add_dataset, add_run


def test_an_empty_workspace_has_no_problems(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_workspace(home)
    assert main(["check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"whole": True, "problems": [], "leftovers": [], "unlisted": []}
    assert main(["check"]) == 0
    assert "0 datasets and 0 runs" in capsys.readouterr().out


def test_a_damaged_database_is_a_problem(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_workspace(home).paths.database.write_bytes(b"no database at all" * 100)
    assert main(["check", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert not report["whole"]
    assert report["problems"][0].startswith("database: ")
    assert main(["check"]) == 1
    assert "database: " in capsys.readouterr().out


def test_a_workspace_without_runs_lists_none(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["runs"]) == 0
    assert "no runs yet" in capsys.readouterr().out


def test_runs_are_listed_with_the_command_that_trains_them_again(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = open_workspace(home)
    run = add_run(workspace, add_dataset(workspace), "base/model", epochs=9)
    assert main(["runs", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["run"], listed["command"]) == (run.id, train_command(run))
    assert "--epochs=9" in listed["command"]


def test_every_command_has_a_module_with_options_and_work() -> None:
    for command in COMMANDS.values():
        module = command.load()
        assert callable(module.add)
        assert callable(module.run)
