"""The zip of a model: whole, of the length announced, in blocks, and nothing from outside the folder."""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lib.data.model_inputs import Role
from lib.errors import StoreError
from lib.evaluation.difference import Difference
from lib.experiments.exported_form import ExportedForm, ModelCost, save_exported_form
from lib.experiments.file_vectors import FileVectors
from lib.models.forms.form import Form
from lib.models.vector_files import VectorFormat
from lib.projection.store import load_map, map_texts
from lib.store.map_paths import MapKind
from lib.store.runs import Run
from lib.store.unarchive import open_archive
from lib.store.workspace import open_workspace
from lib.ui.server.downloads import DOWNLOAD_ROUTES, zip_stream
from tests.builders import add_dataset, add_run
from tests.unit.projection.all_texts import draw_all_texts
from tests.unit.projection.finished import finished_run

FILES = {"1_Pooling/config.json": b"{}", "weights": bytes(range(256)) * 10_000}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a model folder with a file in a subfolder and a large one."""
    for name, data in FILES.items():
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "model"


def test_a_folder_is_streamed_as_a_zip_of_known_length(folder: Path) -> None:
    archive = zip_stream(folder.parent, folder.name)
    length = len(archive)
    blocks = list(archive)
    assert sum(map(len, blocks)) == length
    assert max(map(len, blocks)) < len(FILES["weights"])  # it never holds a whole file
    read = zipfile.ZipFile(io.BytesIO(b"".join(blocks)))
    assert read.testzip() is None
    assert {name: read.read(name) for name in read.namelist()} == {f"model/{name}": FILES[name] for name in FILES}


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("x")
    try:
        (folder / "file").symlink_to(tmp_path / "outside" / "secret")
        (folder / "sub").symlink_to(tmp_path / "outside", target_is_directory=True)
    except OSError:
        pytest.skip("links cannot be made here")
    names = zipfile.ZipFile(io.BytesIO(b"".join(zip_stream(folder.parent, folder.name)))).namelist()
    assert sorted(names) == sorted(f"model/{name}" for name in FILES)


def test_a_model_folder_that_is_a_link_is_not_entered(folder: Path) -> None:
    link = folder.with_name("linked")
    link.symlink_to(folder, target_is_directory=True)
    assert zip_stream(link.parent, link.name).is_empty()


def test_a_file_that_becomes_a_link_while_it_is_sent_ends_the_zip(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x" * len(FILES["weights"]))
    archive = iter(zip_stream(folder.parent, folder.name))
    sent = next(archive)
    (folder / "weights").unlink()
    (folder / "weights").symlink_to(tmp_path / "secret")
    with pytest.raises(StoreError):
        for block in archive:
            sent += block
    assert b"xxx" not in sent


@pytest.fixture
def run(home: Path) -> Run:
    """Make a run with a model and a log."""
    workspace = open_workspace(home)
    made = add_run(workspace, add_dataset(workspace), "base/model")
    made.model_dir.mkdir()
    (made.model_dir / "config.json").write_bytes(b"{}")
    made.paths.log.write_text("it went well", encoding="utf-8")
    return made


@pytest.fixture
def client() -> TestClient:
    """Make a client of the download routes."""
    return TestClient(Starlette(routes=DOWNLOAD_ROUTES))


def test_model_and_log_are_answered(client: TestClient, run: Run) -> None:
    zipped = zipfile.ZipFile(io.BytesIO(client.get(f"/download/{run.id}/model.zip").content))
    assert zipped.namelist() == [f"{run.model_dir.name}/config.json"]
    answer = client.get(f"/download/{run.id}/log.txt")
    assert (answer.text, answer.headers["content-length"]) == ("it went well", "12")


def test_a_log_that_is_a_link_or_a_pipe_is_not_answered(client: TestClient, run: Run, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    run.paths.log.unlink()
    run.paths.log.symlink_to(tmp_path / "secret")
    assert client.get(f"/download/{run.id}/log.txt").status_code == 404
    run.paths.log.unlink()
    os.mkfifo(run.paths.log)
    assert client.get(f"/download/{run.id}/log.txt").status_code == 404


def test_a_run_folder_that_is_a_link_gives_neither_model_nor_log(client: TestClient, run: Run, tmp_path: Path) -> None:
    run.folder.rename(tmp_path / "elsewhere")
    run.folder.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert client.get(f"/download/{run.id}/model.zip").status_code == 404
    assert client.get(f"/download/{run.id}/log.txt").status_code == 404


def test_a_file_of_vectors_is_answered_by_its_listed_name_only(client: TestClient, run: Run, tmp_path: Path) -> None:
    folder = run.paths.file_vectors
    folder.mkdir()
    (folder / "7.npy").write_bytes(b"vectors")
    facts = FileVectors(7, "mine.csv", 1, 2, 0, ("text",), Role.QUERY, "", "tuned", VectorFormat.NPY, 7, 0.1)
    (folder / "7.json").write_text(json.dumps(asdict(facts)), encoding="utf-8")
    (folder / "8.npy").write_bytes(b"unlisted")
    answer = client.get(f"/download/{run.id}/vectors/7.npy")
    assert (answer.content, answer.headers["content-length"]) == (b"vectors", "7")
    for name in ("8.npy", "7.json", "..%2flog.txt", "%2e%2e/log.txt"):
        assert client.get(f"/download/{run.id}/vectors/{name}").status_code == 404
    (folder / "7.npy").unlink()
    (tmp_path / "secret").write_text("secret")
    (folder / "7.npy").symlink_to(tmp_path / "secret")
    assert client.get(f"/download/{run.id}/vectors/7.npy").status_code == 404


def test_an_exported_form_is_answered_by_its_listed_name_only(client: TestClient, run: Run, tmp_path: Path) -> None:
    cost = ModelCost(2, 16, 100.0)
    difference = Difference(0.5, 0.4, -0.2, 0.1, 0.5, 0.1)
    exported = ExportedForm(Form.STATIC, "mrr@10", {"mrr@10": difference}, 10, 0.1, cost, cost, "abc")
    save_exported_form(run, exported)
    address = f"/download/{run.id}/exports"
    assert client.get(f"{address}/static-16.zip").status_code == 404
    for name in ("static-16", "static-8"):
        (run.paths.exports / name).mkdir()
        (run.paths.exports / name / "config.json").write_bytes(b"{}")
    answer = client.get(f"{address}/static-16.zip")
    assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist() == ["static-16/config.json"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    for name in ("static-8", "..%2fstatic-16", "static-16.json"):
        assert client.get(f"{address}/{name}.zip").status_code == 404
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    (run.paths.exports / "static-16").rename(tmp_path / "moved")
    (run.paths.exports / "static-16").symlink_to(tmp_path / "outside", target_is_directory=True)
    assert zipfile.ZipFile(io.BytesIO(client.get(f"{address}/static-16.zip").content)).namelist() == []


def test_a_run_is_answered_as_one_file_and_an_open_one_is_not(client: TestClient, run: Run) -> None:
    workspace = open_workspace()
    assert client.get(f"/download/{run.id}/run.zip").status_code == 404
    claimed = workspace.jobs.claim(run.job)
    assert claimed is not None
    workspace.jobs.finish(claimed, "succeeded")
    answer = client.get(f"/download/{run.id}/run.zip")
    assert int(answer.headers["content-length"]) == len(answer.content)
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert names[0] == "closer.json"
    assert f"run/{run.model_dir.name}/config.json" in names
    assert "dataset/examples.parquet" in names
    assert "run/log.txt" not in names


def test_a_dataset_is_answered_as_the_file_that_another_workspace_opens(
    client: TestClient, run: Run, tmp_path: Path
) -> None:
    answer = client.get(f"/download/{run.dataset}/dataset.zip")
    assert int(answer.headers["content-length"]) == len(answer.content)
    (tmp_path / "dataset.zip").write_bytes(answer.content)
    opened = open_archive(open_workspace(tmp_path / "other"), tmp_path / "dataset.zip")
    assert opened.id == run.dataset
    assert client.get(f"/download/{run.id}/dataset.zip").status_code == 404
    assert client.get("/download/..%2fcloser.db/dataset.zip").status_code == 404


def test_positions_and_texts_of_the_map_of_all_texts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = finished_run(home, with_map=False)
    client, address = TestClient(Starlette(routes=DOWNLOAD_ROUTES)), f"/download/{run.id}/map"
    assert client.get(f"{address}/positions").status_code == client.get(f"{address}/texts/0").status_code == 404
    draw_all_texts(monkeypatch, run, home)
    answer = client.get(f"{address}/positions?version=1")
    frames = np.load(io.BytesIO(answer.content))
    assert np.array_equal(frames[1], load_map(run, kind=MapKind.ALL).coordinates["best"])
    assert "immutable" in answer.headers["cache-control"]
    texts = map_texts(run, kind=MapKind.ALL)
    number = texts.index("Question <b onmouseover=alert(1)>zero</b> & more")
    answer = client.get(f"{address}/texts/{number}")
    assert answer.text == texts[number]
    assert answer.headers["content-type"].startswith("text/plain"), "nobody's text is HTML"
    assert client.get(f"{address}/texts/120").status_code == 404
    assert client.get("/download/nobody/map/texts/0").status_code == 404


def test_positions_by_way_of_a_link_are_none(home: Path, tmp_path: Path) -> None:
    run = finished_run(home, with_map=False)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "positions.npy").write_bytes(b"secret")
    try:
        run.paths.map_of(MapKind.ALL).folder.symlink_to(tmp_path / "outside", target_is_directory=True)
    except OSError:
        pytest.skip("links cannot be made here")
    client = TestClient(Starlette(routes=DOWNLOAD_ROUTES))
    assert client.get(f"/download/{run.id}/map/positions").status_code == 404
