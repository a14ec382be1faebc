"""A run as one file: whole in another workspace, and refused, with nothing changed, where anything of it was touched."""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lib.__main__ import main
from lib.errors import InputError, NotAllowedError
from lib.jobs.kinds import perform
from lib.progress import Silent
from lib.store import permission, unarchive
from lib.store.archive import ARCHIVE_MANIFEST, find_archivable, write_archive
from lib.store.check import check
from lib.store.datasets import Dataset
from lib.store.headline import Headline
from lib.store.runs import Run
from lib.store.unarchive import open_archive
from lib.store.workspace import Workspace, open_workspace
from tests.builders import add_dataset, add_run


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> tuple[Workspace, Run, Path]:
    """Train and draw a run once, and pack it."""
    home = tmp_path_factory.mktemp("source")
    workspace = open_workspace(home / "workspace")
    dataset = add_dataset(workspace, name="Mine <b>&</b>")
    run = add_run(workspace, dataset, tiny_model, epochs=1)
    job = workspace.jobs.claim(run.job)
    assert job is not None
    perform(workspace, job, Silent())
    workspace.jobs.finish(job, "succeeded")
    for kind in ("evaluate", "project"):
        perform(workspace, workspace.jobs.submit(kind, run=run.id), Silent())
    for waiting in workspace.jobs.all(states=("queued",)):
        workspace.jobs.cancel(waiting.id)
    workspace.runs.annotate(run.id, "a note")
    run.paths.log.write_text("a log with paths")
    run.paths.file_vectors.mkdir()
    (run.paths.file_vectors / "1.npy").write_bytes(b"others' texts")
    run.paths.exports.mkdir()
    (run.paths.exports / "static-16.json").write_text("{}")
    write_archive(workspace, workspace.runs.get(run.id), home / "run.zip")
    return workspace, workspace.runs.get(run.id), home / "run.zip"


@pytest.fixture
def target(home: Path) -> Workspace:
    """Open the empty workspace that takes it."""
    return open_workspace(home)


def files_of(workspace: Workspace) -> list[str]:
    roots = (workspace.paths.runs, workspace.paths.datasets)
    return sorted(path.relative_to(root).as_posix() for root in roots for path in root.rglob("*") if path.is_file())


def test_a_run_is_the_same_in_another_workspace(source: tuple[Workspace, Run, Path], target: Workspace) -> None:
    workspace, run, path = source
    opened = open_archive(target, path)
    assert isinstance(opened, Run)
    same = ("id", "name", "note", "model", "recipe_text", "headline", "created", "dataset", "state", "spent")
    assert {name: getattr(opened, name) for name in same} == {name: getattr(run, name) for name in same}
    assert isinstance(opened.headline, Headline)
    assert check(target) == []
    there, here = workspace.datasets.get(run.dataset), target.datasets.get(run.dataset)
    assert (here.name, here.counts, here.shape) == (there.name, there.counts, there.shape)
    assert here.frame().equals(there.frame())
    for folder in (run.model_dir, run.paths.evaluation.folder, run.paths.map.folder, run.paths.snapshots.folder):
        for file in (one for one in folder.rglob("*") if one.is_file()):
            assert (opened.folder / file.relative_to(run.folder)).read_bytes() == file.read_bytes()
    assert not opened.paths.log.exists()
    assert not opened.paths.file_vectors.exists()
    assert not opened.paths.exports.exists()
    assert not opened.paths.checkpoints.exists()


def test_a_run_is_taken_once_and_a_dataset_that_is_there_stays(
    source: tuple[Workspace, Run, Path], target: Workspace, tmp_path: Path
) -> None:
    workspace, run, path = source
    write_archive(workspace, find_archivable(workspace, run.dataset), tmp_path / "dataset.zip")
    dataset = open_archive(target, tmp_path / "dataset.zip")
    assert isinstance(dataset, Dataset)
    target.datasets.rename(dataset.id, "Renamed here")
    open_archive(target, path)
    assert target.datasets.get(dataset.id).name == "Renamed here"
    with pytest.raises(InputError, match="already"):
        open_archive(target, path)
    target.runs.delete(run.id)
    with pytest.raises(InputError, match="already"):
        open_archive(target, path)


Members = dict[str, bytes]


def rewrite(path: Path, out: Path, change: Callable[[Members, dict[str, Any]], None]) -> Path:
    """Copy an archive with changed files and manifest; checksums of changed files stay as they were."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop(ARCHIVE_MANIFEST))
    change(members, manifest)
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(ARCHIVE_MANIFEST, json.dumps(manifest))
        for name, data in members.items():
            archive.writestr(name, data)
    return out


def put(members: Members, manifest: dict[str, Any], name: str, data: bytes) -> None:
    """Put a file in and make the manifest true to it."""
    members[name] = data
    manifest["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def _first(members: Members, part: str) -> str:
    return next(name for name in sorted(members) if part in name)


def flip(members: Members, manifest: dict[str, Any]) -> None:
    name = _first(members, "safetensors")
    members[name] = members[name][:-1] + bytes([members[name][-1] ^ 1])


def swap_weights(members: Members, manifest: dict[str, Any]) -> None:
    """Be true to the outer manifest, and not to the model folder's own."""
    put(members, manifest, _first(members, "safetensors"), b"others")


def swap_examples(members: Members, manifest: dict[str, Any]) -> None:
    """Be a dataset whose examples are not those of its id, sealed again."""
    manifest["dataset"]["id"] = "0" * 12


HOSTILE: dict[str, Callable[[Members, dict[str, Any]], Any]] = {
    "flipped bit": flip,
    "other weights": swap_weights,
    "other dataset id": swap_examples,
    "id that leads up": lambda m, f: f["dataset"].update(id="../../x"),
    "run id that leads up": lambda m, f: f["run"].update(id="../../../x"),
    "name that leads up": lambda m, f: put(m, f, "run/../../escaped", b"x"),
    "absolute name": lambda m, f: put(m, f, "/tmp/escaped", b"x"),
    "backslashes": lambda m, f: put(m, f, "run\\..\\escaped", b"x"),
    "hidden file": lambda m, f: put(m, f, "run/.hidden", b"x"),
    "third root": lambda m, f: put(m, f, "other/file", b"x"),
    "file that is not named": lambda m, f: m.update({"run/extra": b"x"}),
    "file that is missing": lambda m, f: m.pop(_first(m, "examples")),
    "missing model": lambda m, f: [m.pop(n) and f["files"].pop(n) for n in list(m) if n.startswith("run/tiny/")],
    "size that lies": lambda m, f: f["files"][_first(m, "examples")].update(bytes=5),
    "negative size": lambda m, f: f["files"][_first(m, "examples")].update(bytes=-1),
    "size as a text": lambda m, f: f["files"][_first(m, "examples")].update(bytes="9"),
    "newer format": lambda m, f: f.update(format=2),
    "no dataset": lambda m, f: f.update(dataset=None),
    "files as a list": lambda m, f: f.update(files=[]),
    "running": lambda m, f: f["run"].update(state="running"),
    "unknown state": lambda m, f: f["run"].update(state="x"),
    "recipe of nonsense": lambda m, f: f["run"].update(recipe='{"epochs": -3}'),
    "model that is another folder": lambda m, f: f["run"].update(model="../../etc"),
    "time of nonsense": lambda m, f: f["run"].update(created="yesterday"),
    "headline of nonsense": lambda m, f: f["run"].update(headline="{"),
    "name of blanks": lambda m, f: f["run"].update(name="   "),
    "shape of nonsense": lambda m, f: f["dataset"].update(shape="x"),
    "half a character": lambda m, f: f["run"].update(name="\ud83d"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_whatever_was_touched_is_refused_and_leaves_nothing(
    source: tuple[Workspace, Run, Path], target: Workspace, tmp_path: Path, kind: str
) -> None:
    path = rewrite(source[2], tmp_path / "hostile.zip", HOSTILE[kind])
    with pytest.raises(InputError):
        open_archive(target, path)
    assert target.runs.all() == []
    assert [name for name in files_of(target) if not name.startswith(source[1].dataset)] == []
    assert not list(tmp_path.rglob("escaped"))
    assert [one.name for one in target.paths.runs.iterdir()] == []


def test_untouched_but_rewritten_it_is_taken(
    source: tuple[Workspace, Run, Path], target: Workspace, tmp_path: Path
) -> None:
    """The helper that touches them changes nothing else."""
    path = rewrite(source[2], tmp_path / "same.zip", lambda members, manifest: None)
    assert open_archive(target, path).id == source[1].id


def test_cut_locked_linked_and_doubled_archives_are_refused(
    source: tuple[Workspace, Run, Path], target: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, bad = source[2], tmp_path / "bad.zip"
    for size in (0, 100, path.stat().st_size // 2, path.stat().st_size - 30):
        bad.write_bytes(path.read_bytes()[:size])
        with pytest.raises(InputError):
            open_archive(target, bad)
    with zipfile.ZipFile(bad, "w") as archive:
        link = zipfile.ZipInfo("run/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr(ARCHIVE_MANIFEST, "{}")
    with pytest.raises(InputError, match="links"):
        open_archive(target, bad)
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr(ARCHIVE_MANIFEST, "{}")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(ARCHIVE_MANIFEST, "{}")
    with pytest.raises(InputError, match="twice"):
        open_archive(target, bad)
    monkeypatch.setattr(unarchive, "MAX_MODEL_BYTES", 10)
    with pytest.raises(InputError, match="would unpack"):
        open_archive(target, path)
    assert files_of(target) == []


def test_a_viewer_takes_nothing(
    source: tuple[Workspace, Run, Path], target: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permission, "_rules", [lambda: False])
    with pytest.raises(NotAllowedError):
        open_archive(target, source[2])


def test_the_commands_pack_and_unpack(
    source: tuple[Workspace, Run, Path],
    target: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    workspace, run, _ = source
    monkeypatch.setenv("CLOSER_HOME", str(workspace.home))
    assert main(["pack", run.id, "--out", str(tmp_path / "run.zip"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bytes"] == (tmp_path / "run.zip").stat().st_size
    assert main(["pack", "nope", "--out", str(tmp_path / "x.zip")]) == 1
    waiting = add_run(workspace, workspace.datasets.get(run.dataset), run.model)
    assert main(["pack", waiting.id, "--out", str(tmp_path / "x.zip")]) == 1
    assert "no finished model" in capsys.readouterr().err
    workspace.jobs.cancel(waiting.job)
    assert not (tmp_path / "x.zip").exists()
    monkeypatch.setenv("CLOSER_HOME", str(target.home))
    assert main(["unpack", str(tmp_path / "run.zip"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"kind": "run", "id": run.id, "name": run.name}
    assert main(["unpack", str(tmp_path / "run.zip")]) == 1
    assert replace(target.runs.get(run.id), folder=run.folder, job=run.job, ended=run.ended, started=run.started) == run
