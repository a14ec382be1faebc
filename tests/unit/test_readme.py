"""What README.md shows runs: its Python on a real model folder, its commands, its make targets."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from lib.__main__ import COMMANDS, build_parser

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Find the code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[list[str]]:
    """Split each `python -m lib` line into words, those in brackets too, without its comment."""
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("python -m lib ")]
    return [shlex.split(re.sub(r"[\[\]]", "", line), comments=True)[3:] for line in lines]


def test_the_python_runs_on_a_tuned_models_folder(tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    code, count = re.subn(r'"workspace/runs/[^"]+"', lambda _: repr(str(tiny_model)), code)
    assert count == 1
    exec(compile(code, "README.md", "exec"), {})
    assert re.search(r"tensor\(\[\[-?[01]\.\d+\]\]\)", capsys.readouterr().out)


def test_every_command_is_shown_with_options_that_it_has() -> None:
    assert {words[0] for words in commands()} == set(COMMANDS)
    for words in commands():
        parsed = build_parser(words[:1]).parse_args(words)
        assert parsed.command == words[0]


def test_every_make_target_that_is_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    shown = {words for block in blocks("sh") for words in re.findall(r"^make ([a-z]+)", block, re.MULTILINE)}
    assert shown
    assert shown <= targets


def test_every_path_that_is_named_exists() -> None:
    named = re.findall(r"\]\(([\w./-]+)\)", README) + re.findall(
        r"`((?:lib|tests|bench|tools|pages|docs)/[\w./]*)`", README
    )
    missing = [path for path in named if not (ROOT / path).exists()]
    assert missing == []
