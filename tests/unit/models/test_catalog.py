"""Names to folders: safely, with no network, and with an error that says how to go on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from lib import settings
from lib.errors import ModelError
from lib.models import catalog, hub_network, loader


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("sentence-transformers/all-MiniLM-L6-v2", "sentence-transformers_all-MiniLM-L6-v2"),
        ("closer/static-MiniLM", "closer_static-MiniLM"),
        ("run:20260101-abcdef", "run_20260101-abcdef"),
        ("/home/someone/models/my model", "my_model"),
        ("./here/tuned/", "tuned"),
        ("C:\\models\\tuned", "tuned"),
        ("../..", "model"),
        ("a/../../etc/passwd", "a_.._.._etc_passwd"),
        ("..", "model"),
        ("", "model"),
        ("Modèle/é", "Mod_le__"),
        ("a\nb\0c", "a_b_c"),
    ],
)
def test_folder_names(name: str, folder: str) -> None:
    assert catalog.folder_name(name) == folder


@given(st.text(max_size=300))
def test_a_folder_name_never_leaves_its_folder(name: str) -> None:
    found = catalog.folder_name(name)
    assert found
    assert len(found) <= 120
    assert found not in (".", "..")
    assert not set(found) & set("/\\\0\n:")
    assert (Path("/runs/1") / found).parent == Path("/runs/1")


def test_the_bundled_model_is_found_without_network(home: Path) -> None:
    folder = catalog.resolve(settings.BUNDLED_MODEL, home=home)
    assert isinstance(folder, Path)
    assert catalog.is_model_folder(folder)


def test_entries_offer_what_needs_no_network_first(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    snapshot = tmp_path / "hub" / "models--someone--small" / "snapshots" / "1"
    snapshot.mkdir(parents=True)
    (snapshot / "modules.json").write_text("[]")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    found = catalog.entries(home)
    assert [entry.name for entry in found] == [settings.BUNDLED_MODEL, catalog.STATIC_MODEL, "someone/small"]
    assert all(entry.available for entry in found)
    assert catalog.resolve("someone/small", home=home) == snapshot


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def repository(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Build a repository in the Hub's cache as the Hub's library leaves it: links into blobs."""
    repository = tmp_path / "hub" / "models--someone--small"
    snapshot = repository / "snapshots" / COMMIT
    (repository / "blobs").mkdir(parents=True)
    for number, path in enumerate(sorted(path for path in tiny_model.rglob("*") if path.is_file())):
        shutil.copyfile(path, repository / "blobs" / str(number))
        link = snapshot / path.relative_to(tiny_model)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(Path(*[".."] * (len(link.relative_to(repository).parts) - 1), "blobs", str(number)))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return repository


def test_a_link_is_no_snapshot_of_a_commit(home: Path, repository: Path, tmp_path: Path) -> None:
    """Its name would pin a commit, and mean a folder that anybody may change."""
    snapshot = repository / "snapshots" / COMMIT
    elsewhere = Path(shutil.copytree(snapshot, tmp_path / "elsewhere", symlinks=False))
    shutil.rmtree(snapshot)
    snapshot.symlink_to(elsewhere)
    assert catalog.resolve("someone/small", home=home) == "someone/small"


def test_a_downloaded_model_is_pinned_to_its_commit(home: Path, repository: Path) -> None:
    """A newer snapshot changes nothing for a run that was created with the older one."""
    snapshot = repository / "snapshots" / COMMIT
    name = catalog.pinned("someone/small", home=home)
    assert name == f"someone/small@{COMMIT[:12]}"
    newer = shutil.copytree(snapshot, repository / "snapshots" / ("f" * 40), symlinks=True)
    os.utime(newer, (2e9, 2e9))
    assert catalog.resolve("someone/small", home=home) == newer
    assert catalog.resolve(name, home=home) == snapshot
    assert catalog.pinned(name, home=home) == name
    assert loader.load_model(name, device="cpu", home=home).encode("a").shape == (32,)
    assert catalog.resolve("someone/small@abcdef0", home=home) == "someone/small@abcdef0"
    for kept in (settings.BUNDLED_MODEL, catalog.STATIC_MODEL, "someone/other", str(snapshot)):
        assert catalog.pinned(kept, home=home).startswith(kept)


@pytest.mark.parametrize("spoilt", ["outside", "blobs outside", "pickle"])
def test_the_cache_is_read_as_strictly_as_a_folder(
    spoilt: str, home: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = repository / "snapshots" / COMMIT
    if spoilt == "outside":
        (snapshot / "README.md").symlink_to("/etc/passwd")
    elif spoilt == "blobs outside":
        (repository / "blobs").rename(tmp_path / "elsewhere")
        (repository / "blobs").symlink_to(tmp_path / "elsewhere")
    else:
        (snapshot / "pytorch_model.bin").symlink_to("../../blobs/0")
    monkeypatch.setattr(loader, "SentenceTransformer", lambda *_, **__: pytest.fail("It was loaded."))
    with pytest.raises(ModelError) as caught:
        loader.load_model("someone/small", device="cpu", home=home)
    assert caught.value.where.startswith(str(snapshot))


def test_a_download_takes_data_only_and_is_checked_before_it_is_loaded(
    home: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    asked: list[dict[str, object]] = []

    def fetch(name: str, **options: object) -> str:
        asked.append({"name": name, **options})
        hostile = Path(shutil.copytree(tiny_model, tmp_path / "fetched"))
        (hostile / "model.py").touch()
        return str(hostile)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    monkeypatch.setattr(loader, "_need_network", lambda name: None)
    monkeypatch.setattr(loader, "SentenceTransformer", lambda *_, **__: pytest.fail("It was loaded."))
    with pytest.raises(ModelError) as caught:
        loader.load_model("small@abcdef0", device="cpu", home=home)
    assert caught.value.where.endswith("model.py")
    assert [(one["name"], one["revision"]) for one in asked] == [("sentence-transformers/small", "abcdef0")]
    assert not {"*", "*.bin", "*.py"} & set(asked[0]["allow_patterns"])  # type: ignore[call-overload]


def test_a_folder_resolves_to_itself(home: Path, tiny_model: Path) -> None:
    assert catalog.resolve(str(tiny_model), home=home) == tiny_model.resolve()


def test_an_earlier_run_resolves_to_its_tuned_model(home: Path, tiny_model: Path) -> None:
    run = home / "runs" / "r1"
    run.mkdir(parents=True)
    shutil.copytree(tiny_model, run / "sentence-transformers_all-MiniLM-L6-v2")
    tuned = run / "sentence-transformers_all-MiniLM-L6-v2"
    assert catalog.resolve("run:r1", home=home) == tuned
    assert catalog.resolve("run:r1", home=home, runs=home / "runs") == tuned
    assert catalog.resolve("run:r1", home=home, runs=lambda run: tuned) == tuned


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/no/such/folder", "There is no folder"),
        ("run:missing", "has no tuned model"),
        ("run:../../etc", "is no run's id"),
        ("not a name", "neither a folder nor"),
        ("a/../b", "There is no folder"),
        ("", "neither a folder nor"),
    ],
)
def test_what_cannot_be_a_model_is_refused(home: Path, name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        catalog.resolve(name, home=home)
    assert caught.value.todo


def test_a_folder_without_a_model_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="modules.json"):
        catalog.resolve(str(tmp_path), home=home)


def test_a_model_that_is_not_here_fails_at_once_when_offline(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.DOWNLOADS, "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="switched off") as caught:
        loader.load_model("someone/never-downloaded", home=home)
    assert settings.BUNDLED_MODEL in caught.value.todo


def test_nothing_is_downloaded_unless_a_person_allows_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv(settings.DOWNLOADS, raising=False)
    monkeypatch.setattr(hub_network.socket, "create_connection", lambda *_, **__: pytest.fail("It asked the network."))
    with pytest.raises(ModelError, match="downloads are off") as caught:
        loader.load_model("someone/never-downloaded", home=home)
    assert {f"{settings.DOWNLOADS}=1", "--download."} <= set(caught.value.todo.split())


@pytest.mark.parametrize(
    "name",
    [
        *("a" * 300, "/" + "a" * 300, "~" + "a" * 5_000, "run:" + "a" * 400, "a/" + "b" * 400, "a/b\0c", "a" * 97),
        *("a--b", "-a", "a.", "a/.b", "a/b/c/../d", "é/é", "~nobody-at-all/x", "a/b\nc", "\ud800"),
    ],
)
def test_a_name_of_any_kind_is_refused_in_one_line(home: Path, name: str) -> None:
    with pytest.raises(ModelError) as caught:
        catalog.check_model(name, home=home)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


def test_the_bundled_model_is_held_to_its_checksum(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = catalog.bundled_folder()
    assert folder is not None
    loader.verify_bundled(folder)
    monkeypatch.setattr(loader, "BUNDLED_FINGERPRINT", "0" * 64)
    with pytest.raises(ModelError, match="were changed"):
        loader.load_model(settings.BUNDLED_MODEL, device="cpu", home=home)


def test_a_network_that_does_not_answer_is_asked_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[float] = []

    def refuse(address: object, timeout: float) -> None:
        calls.append(timeout)
        raise TimeoutError("timed out")

    monkeypatch.setenv(settings.DOWNLOADS, "1")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(hub_network.socket, "create_connection", refuse)
    with pytest.raises(ModelError, match="network does not reach"):
        loader.load_model("someone/never-downloaded", home=home)
    assert calls == [hub_network.CONNECT_SECONDS]
    assert hub_network.CONNECT_SECONDS < 10


@pytest.mark.parametrize(
    ("proxy", "mirror", "expected"),
    [
        ("", "", ("huggingface.co", 443)),
        ("", "http://mirror.example", ("mirror.example", 80)),
        ("http://proxy.example:3128", "http://mirror.example", ("proxy.example", 3128)),
        ("proxy.example:3128", "", ("proxy.example", 3128)),
    ],
)
def test_a_proxy_or_mirror_is_asked_in_place_of_the_hub(
    proxy: str, mirror: str, expected: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    monkeypatch.setattr(hub_network.urllib.request, "getproxies", lambda: {"https": proxy} if proxy else {})
    if mirror:
        monkeypatch.setenv("HF_ENDPOINT", mirror)
    assert hub_network.download_host() == expected


def test_a_damaged_folder_names_the_model(home: Path, tiny_model: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(tiny_model, damaged)
    (damaged / "model.safetensors").write_bytes(b"\0" * 100)
    with pytest.raises(ModelError, match="not loaded") as caught:
        loader.load_model(str(damaged), home=home)
    assert caught.value.where == str(damaged / "model.safetensors")


def test_a_device_that_is_not_there_is_refused(home: Path, tiny_model: Path) -> None:
    assert loader.devices()[-1] == "cpu"
    with pytest.raises(ModelError, match="no abacus"):
        loader.load_model(str(tiny_model), device="abacus", home=home)


def test_a_loaded_model_is_fp32_and_evaluating(home: Path, tiny_model: Path) -> None:
    model = loader.load_model(str(tiny_model), device="cpu", home=home)
    assert not model.training
    assert {str(weight.dtype) for weight in model.parameters()} == {"torch.float32"}


def test_fingerprints_tell_models_apart(home: Path, tiny_model: Path, tmp_path: Path) -> None:
    import torch

    model = loader.load_model(str(tiny_model), device="cpu", home=home)
    first = loader.fingerprint(model)
    assert first == loader.fingerprint(loader.load_model(str(tiny_model), device="cpu", home=home))
    model[1].pooling_mode = "cls"
    assert loader.fingerprint(model) != first
    model[1].pooling_mode = "mean"
    with torch.no_grad():
        next(model.parameters())[0, 0] += 1e-3
    assert loader.fingerprint(model) != first
    copied = tmp_path / "copied"
    shutil.copytree(tiny_model, copied)
    (copied / "README.md").write_text("A card says nothing about what a model computes.")
    assert loader.fingerprint(copied) == loader.fingerprint(tiny_model)
    (copied / "config.json").write_text("{}")
    assert loader.fingerprint(copied) != loader.fingerprint(tiny_model)


def test_the_catalog_imports_nothing_heavy() -> None:
    code = "import sys, lib.models.catalog; print([m for m in ('torch', 'transformers', 'sentence_transformers') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"


def test_a_static_model_is_known_by_its_files(home: Path, tiny_model: Path, tmp_path: Path) -> None:
    """Pages ask, so nothing is loaded; what is not here, or cannot be read, is taken for a transformer."""
    static = tmp_path / "static"
    static.mkdir()
    shutil.copyfile(tiny_model / "tokenizer.json", static / "tokenizer.json")
    rows = len(json.loads((static / "tokenizer.json").read_text())["model"]["vocab"])
    save_file({"embedding.weight": np.ones((rows, 2), dtype=np.float32)}, static / "model.safetensors")
    kind = "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding"
    (static / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": kind}]))
    assert catalog.is_static_name(str(static), home=home)
    assert catalog.is_static_name(catalog.STATIC_MODEL, home=home)
    assert not catalog.is_static_name(str(tiny_model), home=home)
    assert not catalog.is_static_name("somebody/not-here", home=home)
    assert not catalog.is_static_name("/no/such/folder", home=home)
    for broken in ("[", "[]", "{}", "[1]", "[" * 100_000):
        (static / "modules.json").write_text(broken)
        assert not catalog.is_static_name(str(static), home=home)
