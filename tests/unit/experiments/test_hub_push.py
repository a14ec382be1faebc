"""Pushing to the Hub: what is listed goes out and nothing else, never a text, only when asked and allowed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from lib import settings
from lib.__main__ import main
from lib.data.prepare import prepare
from lib.errors import InputError, StoreError
from lib.experiments.hub_push import PushPlan, check_repo, plan_push, push_in_process
from lib.jobs.kinds import perform
from lib.progress import Silent
from lib.recipe.options import PromptSource
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from tests.builders import FAST
from tests.unit.experiments.fake_hub import FakeHub, serve_hub

CANARY, TOKEN = "zyxcanary", "hf_zyxtoken"


@pytest.fixture(scope="module")
def workspace_folder(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """Train and evaluate one run whose texts, names and notes all hold the canary."""
    home = tmp_path_factory.mktemp("pushed")
    workspace = open_workspace(home)
    rows = [(f"{CANARY} where is thing {n}", f"on shelf {n} of the {CANARY}") for n in range(60)]
    frame = pd.DataFrame(rows, columns=["question", "answer"])
    dataset = workspace.datasets.publish(prepare(frame), name=f"{CANARY} data")
    run = workspace.runs.create(
        dataset=dataset.id,
        model=str(tiny_model),
        recipe=FAST.with_prompts("ask: ", "say: ", PromptSource.HAND),
        name=CANARY,
    )
    perform(workspace, workspace.jobs.get(run.job), Silent())
    perform(workspace, workspace.jobs.submit("evaluate", run=run.id), Silent())
    return home


@pytest.fixture
def run(workspace_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("CLOSER_HOME", str(workspace_folder))
    for name in (settings.DOWNLOADS, "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(workspace_folder / "no-token"))
    return open_workspace(workspace_folder).runs.all()[0]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """Serve a fake Hub to processes that are started, where the network is allowed and a token there."""
    with serve_hub() as served:
        allowed = {settings.DOWNLOADS: "1", "HF_TOKEN": TOKEN, "HF_ENDPOINT": served.address}
        for name, value in {**allowed, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1", "NO_PROXY": "*"}.items():
            monkeypatch.setenv(name, value)
        yield served


def test_the_listed_files_go_out_as_they_are_and_no_text_with_them(run: Run, hub: FakeHub, tiny_model: Path) -> None:
    words = ["-m", "lib", "push", run.id, "--repo", "ann/desk", "--yes", "--json"]
    done = subprocess.run([sys.executable, *words], env=os.environ.copy(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout.strip().splitlines()[-1])
    assert report["address"] == f"{hub.address}/ann/desk"
    assert {name: len(data) for name, data in hub.files.items()} == report["files"]
    assert {"README.md", "model.safetensors", "modules.json", "tokenizer.json"} <= hub.files.keys()
    assert not {"closer.json", "MANIFEST.json"} & hub.files.keys()
    for name in hub.files.keys() - {"README.md"}:
        assert hub.files[name] == (run.model_dir / name).read_bytes(), name
        assert f"\n{name} " in f"\n{done.stderr}"
    card = hub.files["README.md"].decode()
    assert "SentenceTransformer('ann/desk')" in card
    assert "## Held-out, before and after" in card
    assert hub.created == {"name": "desk", "organization": "ann", "visibility": "private"}
    sent = b"\n".join([*(line.encode() + body for line, body in hub.requests), *hub.files.values()])
    for secret in (CANARY, str(tiny_model.parent), str(run.folder), TOKEN):
        assert secret.encode() not in sent, secret
    assert hub.tokens == {f"Bearer {TOKEN}"} | (hub.tokens & {""})


def test_a_public_repository_takes_nothing_that_was_to_be_private(run: Run, hub: FakeHub) -> None:
    hub.is_private = False
    plan = plan_push(run, "ann/desk")
    with pytest.raises(InputError, match="public already"):
        push_in_process(plan)
    assert hub.files == {}
    assert not [line for line, _ in hub.requests if "/commit/" in line]


@pytest.mark.parametrize(
    ("words", "environment", "cause"),
    [
        ([], {}, "may not connect"),
        (["--network"], {}, "no token"),
        (["--network"], {"HF_TOKEN": "x"}, "Nobody can answer"),
        (["--network", "--yes"], {"HF_TOKEN": "x"}, "Nothing was pushed: downloads are switched off"),
    ],
)
def test_nothing_is_connected_to_unless_allowed_and_asked(
    run: Run,
    words: list[str],
    environment: dict[str, str],
    cause: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it connected"))
    monkeypatch.setenv(settings.DOWNLOADS, "")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["push", run.id, "--repo", "ann/desk", *words]) == 1
    assert cause in capsys.readouterr().err


def test_a_dry_run_lists_the_files_and_needs_neither_network_nor_token(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it connected"))
    assert main(["push", run.id, "--repo", "ann/desk", "--public", "--dry-run", "--json"]) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert (report["private"], report["pushed"], report["address"]) == (False, False, None)
    assert report["bytes"] == sum(report["files"].values()) == plan_push(run, "ann/desk", is_private=False).bytes
    assert "model.safetensors" in captured.err


@pytest.mark.parametrize("repo", ["desk", "ann/desk/x", "/etc/passwd", "../ann", "ann/", "ann/a b", "run:ann/x", ""])
def test_a_name_that_the_hub_does_not_take_is_refused(repo: str) -> None:
    with pytest.raises(InputError, match="no repository"):
        check_repo(repo)


def test_what_the_hub_refuses_is_one_line(run: Run, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    plan: PushPlan = plan_push(run, "ann/desk")
    with pytest.raises(StoreError, match="does not reach") as refused:
        push_in_process(plan)
    assert "\n" not in str(refused.value)
