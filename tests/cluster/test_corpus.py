"""A corpus embedded and searched by Ray Data: the same files as in one process, and errors that name what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from lib.__main__ import main
from lib.store.locations import Location
from tests.object_store import CREDENTIALS, object_store, upload_folder
from tests.ray_cluster import LocalCluster

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ["a red house", "two rivers", "a red house", None, "ten engines", "", "one", "two winters in a village"]


def run_on(cluster: LocalCluster, *arguments: str | Path | Location) -> subprocess.CompletedProcess[str]:
    """Run a command on the cluster by both of its nodes, in a process of its own."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    place = ["--where", "ray", "--address", cluster.address, "--processes", "2"]
    return subprocess.run(
        [sys.executable, "-m", "lib", *map(str, arguments), *place],
        cwd=ROOT,
        env=plain | dict(cluster.environment),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Write three files of 8 rows, each a part of its own."""
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(3):
        texts = [f"{text} {number}" if text else text for text in TEXTS]
        parquet.write_table(pa.table({"id": range(8), "text": texts}), folder / f"{number}.parquet")
    return folder


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Location]:
    """Run an object store; the nodes of the cluster have its credentials."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with object_store() as store:
        yield store


@pytest.mark.timeout(400)
def test_a_cluster_writes_the_vectors_and_results_of_one_process_to_an_object_store(
    cluster: LocalCluster, corpus: Path, tiny_model: Path, tmp_path: Path, home: Path, bucket: Location
) -> None:
    """Texts, model, vectors and results are known to the cluster by URL only."""
    here, there = Location(str(tmp_path / "here")), bucket.child("vectors")
    upload_folder(corpus, bucket.child("texts"))
    upload_folder(tiny_model, bucket.child("tiny"))
    column = ["--column", "text"]
    assert main(["embed", str(corpus), "--model", str(tiny_model), "--out", str(here), *column]) == 0
    urls = ["--model", bucket.child("tiny"), "--out", there]
    done = run_on(cluster, "embed", bucket.child("texts"), *urls, *column)
    assert (done.returncode, "6 rows without" in done.stdout) == (0, True), done.stderr
    names = [f"part-00000{number}.parquet" for number in range(3)]
    assert list(there.stamps()) == list(here.stamps()) == ["corpus.json", *names]
    for name in names:
        assert read(here.child(name)).equals(read(there.child(name))), name
    retrieve = ["--top-k", "4", "--out"]
    found = [tmp_path / "nearest.parquet", bucket.child("nearest.parquet")]
    assert main(["retrieve", str(here.child(names[0])), "--corpus", str(here), *retrieve, str(found[0])]) == 0
    done = run_on(cluster, "retrieve", there.child(names[0]), "--corpus", there, *retrieve, found[1])
    assert done.returncode == 0, done.stderr
    one, other = read(Location(str(found[0]))), read(Location(str(found[1])))
    assert one.equals(other)
    assert one.filter(pa.compute.equal(one["rank"], 1))["document"].to_pylist() == [0, 1, 0, 4, 6, 7]


def read(file: Location) -> pa.Table:
    with file.open_input() as source:
        return parquet.read_table(source)


@pytest.mark.timeout(300)
def test_an_error_of_a_worker_is_one_line_that_names_the_file(
    cluster: LocalCluster, corpus: Path, tiny_model: Path, tmp_path: Path, home: Path
) -> None:
    file = corpus / "1.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[:4] + bytes(len(whole[4:200])) + whole[200:])  # the footer is whole: workers find the damage
    done = run_on(cluster, "embed", corpus, "--model", tiny_model, "--column", "text", "--out", tmp_path / "out")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    assert "damaged" in last
