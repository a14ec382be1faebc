"""The package closer-embeddings: it builds, installs where nothing else is, and its command works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from lib.__main__ import COMMANDS, PRINT_COMPLETION, build_parser, main

ROOT = Path(__file__).resolve().parent.parent.parent
PARTS = ("lib", "pyproject.toml", "README.md", "LICENSE", "requirements.txt")


def call(*words: str | Path, **environment: str) -> str:
    """Run a program to its good end and give what it printed."""
    done = subprocess.run(
        [str(word) for word in words], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, because the build writes beside the sources; no network is asked."""
    source = tmp_path_factory.mktemp("source")
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copyfile
        copy(ROOT / part, source / part)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    call(*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", source / "dist", source)
    (built,) = (source / "dist").glob("*.whl")
    return built


def test_the_wheel_holds_the_library_with_its_data_and_names_its_dependencies(wheel: Path) -> None:
    assert wheel.name.startswith("closer_embeddings-")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (facts,) = [archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA")]
    roots = {name.split("/")[0] for name in names}
    assert {root for root in roots if not root.endswith(".dist-info")} == {"lib"}
    data = {path.relative_to(ROOT).as_posix() for kind in ("*.csv", "*.js") for path in (ROOT / "lib").rglob(kind)}
    data = {name for name in data if not name.startswith("lib/ui/")}
    assert data
    assert data <= set(names)
    assert not [name for name in names if name.startswith("lib/ui/")]
    assert "Requires-Dist: sentence-transformers==" in facts
    assert "License-Expression: Apache-2.0" in facts


def test_the_installed_command_works_and_keeps_its_workspace_out_of_the_package(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "venv"
    venv.create(folder)
    scripts = Path(sysconfig.get_path("scripts", vars={"base": str(folder)}))
    python = next(scripts.glob("python*"))
    call(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", wheel)
    others = sysconfig.get_path("purelib")  # what it depends on, as installed here
    closer = next(scripts.glob("closer*"))
    shown = call(closer, "--help", PYTHONPATH=others)
    assert shown.startswith("usage: closer ")
    assert set(COMMANDS) <= set(re.findall(r"\w+", shown))
    monkeypatch.chdir(tmp_path)  # away from the checkout, which `python -c` would import
    environment = {"PYTHONPATH": others, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    environment["CLOSER_HOME"] = ""
    assert json.loads(call(closer, "runs", "--json", **environment)) == []
    code = (
        "from lib import Pairs, settings; print(settings.home(), settings.package_version(), len(Pairs(['a'], ['b'])))"
    )
    home, version, count = call(python, "-c", code, **environment).split()
    assert Path(home) == tmp_path / "data" / "closer"
    assert (version, count) == (wheel.name.split("-")[1], "1")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example_that_it_takes_and_its_exit_codes(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = build_parser([name])
    with pytest.raises(SystemExit) as ended:
        parser.parse_args([name, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    words = COMMANDS[name].example.splitlines()[0].split()
    assert f"python -m lib {' '.join(words)}" in shown
    assert "130  interrupted" in shown
    assert "--json" in shown
    assert parser.parse_args(words).command == name


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_knows_every_command_and_its_options(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([PRINT_COMPLETION, shell])
    assert ended.value.code == 0
    script = capsys.readouterr().out
    assert "closer" in script
    assert set(COMMANDS) <= set(re.findall(r"[\w-]+", script))
    for option in ("out", "query-prompt", "balance"):
        assert option in script
    if shell == "bash" and shutil.which("bash"):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
