"""The upload page: a sample by one click, a file to a saved dataset, bad files with one clear message.

Real files are recognised by their shape.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.errors import ModelError
from lib.shapes import Shape
from lib.store.archive import write_archive
from lib.store.datasets import Dataset
from lib.store.uploads import store_upload
from lib.store.workspace import Workspace, open_workspace
from tests.app.conftest import button, texts
from tests.builders import add_dataset, of_shape, pairs
from tests.conftest import REAL_DATA

OpenPage = Callable[..., AppTest]


def upload_file(workspace: Workspace, name: str, data: bytes) -> str:
    """Put a file where an upload puts it and return its id."""
    return store_upload(workspace.home, [(name, io.BytesIO(data))]).id


def test_the_support_desk_is_one_click_away(open_page: OpenPage, workspace: Workspace) -> None:
    app = open_page("upload")
    button(app, "Use Support desk").click().run()
    assert not app.exception
    (dataset,) = workspace.datasets.all()
    assert dataset.name == "Support desk"
    assert dataset.rows >= 300
    assert min(dataset.counts.values()) > 20


def test_a_file_becomes_a_dataset(open_page: OpenPage, workspace: Workspace) -> None:
    data = pairs().to_csv(index=False).encode()
    app = open_page("upload", upload=upload_file(workspace, "My pairs.csv", data))
    assert list(app.dataframe[0].value.columns) == ["Line", *pairs().columns]
    button(app, "Save dataset").click().run()
    assert not app.exception
    (dataset,) = workspace.datasets.all()
    assert dataset.name == "My pairs"
    assert dataset.shape == "pairs"
    assert dataset.rows == len(pairs())
    assert [path.read_bytes() for path in dataset.originals] == [data]


def test_a_packed_dataset_is_opened_and_is_the_one_saved_last(
    open_page: OpenPage, workspace: Workspace, tmp_path: Path
) -> None:
    other = open_workspace(tmp_path / "other")
    sent = add_dataset(other, name="From a team mate")
    write_archive(other, sent, tmp_path / "packed.zip")
    app = open_page("upload")
    packed = (tmp_path / "packed.zip").read_bytes()
    (uploader,) = [one for one in app.get("file_uploader") if one.label == "Files with your examples"]
    uploader.set_value([("packed.zip", packed, "application/zip")]).run()
    assert not app.exception
    assert not app.error
    assert [one.id for one in workspace.datasets.all()] == [sent.id]
    assert any(one.key == "upload-train" for one in app.button)
    assert f"/download/{sent.id}/dataset.zip" in [one.proto.url for one in app.get("link_button")]
    assert not list(workspace.paths.uploads.iterdir())


def test_a_packed_dataset_that_was_touched_is_refused(
    open_page: OpenPage, workspace: Workspace, tmp_path: Path
) -> None:
    other = open_workspace(tmp_path / "other")
    write_archive(other, add_dataset(other, name="From a team mate"), tmp_path / "packed.zip")
    touched = (tmp_path / "packed.zip").read_bytes().replace(b"From a team mate", b"From a team mats")
    app = open_page("upload")
    (uploader,) = [one for one in app.get("file_uploader") if one.label == "Files with your examples"]
    uploader.set_value([("packed.zip", touched, "application/zip")]).run()
    assert not app.exception
    assert len(app.error) == 1
    assert workspace.datasets.all() == []


def test_the_same_file_twice_is_one_dataset(open_page: OpenPage, workspace: Workspace) -> None:
    data = pairs().to_csv(index=False).encode()
    for _ in range(2):
        button(open_page("upload", upload=upload_file(workspace, "x.csv", data)), "Save dataset").click().run()
    assert len(workspace.datasets.all()) == 1


@pytest.mark.parametrize("shape", list(Shape))
def test_every_shape_is_guessed_from_its_columns(open_page: OpenPage, workspace: Workspace, shape: Shape) -> None:
    data = of_shape(shape, 120).to_csv(index=False).encode()
    app = open_page("upload", upload=upload_file(workspace, "x.csv", data))
    button(app, "Save dataset").click().run()
    assert not app.exception
    assert [dataset.shape for dataset in workspace.datasets.all()] == [shape.value]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"question,answer\n", "no row"),
        (b"question\na\nb\n", "only one column"),
        (b'question,answer\na,b\n"c,d\n', "never closed"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "PNG picture"),
        (b"question,answer\na,b\0\n", "NUL"),
    ],
)
def test_a_bad_file_gets_one_message_and_changes_nothing(
    open_page: OpenPage, workspace: Workspace, data: bytes, message: str
) -> None:
    app = open_page("upload", upload=upload_file(workspace, "bad.csv", data))
    assert len(app.error) == 1
    assert message in texts(app)
    assert "Traceback" not in texts(app)
    assert workspace.datasets.all() == []


def test_an_upload_that_is_gone_leads_back_to_the_start(open_page: OpenPage) -> None:
    app = open_page("upload", upload="0123456789abcdef")
    assert "upload" not in app.query_params
    assert button(app, "Use Support desk")
    assert not app.error


REAL = {
    "banking77/data.csv": "labelled_texts",
    "banking77/raw/train.csv": "labelled_texts",
    "covid_faq/data.csv": "pairs",
    "covid_faq/raw/faq_200327.tsv": "pairs",
    "covid_faq/raw/MT_ar_faq_covidbert.csv": "pairs",
    "covid_similarity/data.csv": "labelled_pairs",
    "covid_similarity/raw/eval_question_similarity_de.csv": "labelled_pairs",
    "gesetze_de/data.csv": "pairs",
    "jsts/data.csv": "scored",
    "jsts/raw/valid-v1.3.jsonl": "scored",
    "stackfaq/data.csv": "pairs",
    "tldr_en/data.csv": "pairs",
    "tldr_triplets/data.csv": "triplets",
    "banking77/raw/test.csv": "labelled_texts",
    "covid_faq/raw/faq_covidbert.csv": "pairs",
    "covid_similarity/raw/eval_question_similarity_en.csv": "labelled_pairs",
    "jsts/raw/train-v1.3.jsonl": "scored",
    "tldr_multilingual_large/data.csv.gz": "pairs",
}


@pytest.mark.parametrize("name", [name for name in REAL if (REAL_DATA / name).exists()])
def test_real_files_go_in_through_the_page(open_page: OpenPage, workspace: Workspace, name: str) -> None:
    path: Path = REAL_DATA / name
    app = open_page("upload", upload=upload_file(workspace, path.name, path.read_bytes()))
    button(app, "Save dataset").click().run(timeout=120)
    assert not app.exception
    assert not app.error, texts(app)
    assert [dataset.shape for dataset in workspace.datasets.all()] == [REAL[name]]


def test_the_label_noise_check_goes_through_the_queue_and_says_whole_why_it_failed(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    app = open_page("upload")
    app.button(key=f"label-errors-ask-{dataset.id}").click().run()
    assert not app.exception
    (job,) = workspace.jobs.all(states=("queued",))
    assert (job.kind, job.run, job.dataset) == ("label_noise", "", dataset.id)
    claimed = workspace.jobs.claim(job.id)
    assert claimed is not None
    app.run()
    assert not app.exception
    workspace.jobs.finish(claimed, "failed", "", error=ModelError("It is broken.", where="Here", todo="Mend it."))
    app.run()
    assert all(part in texts(app) for part in ("Here", "It is broken", "Mend it"))
    app.button(key=f"label-errors-ask-{dataset.id}").click().run()
    assert workspace.jobs.get(job.id).state == "queued"
