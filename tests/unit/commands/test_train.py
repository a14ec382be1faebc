"""`python -m lib train`: the pages' own functions in the same order, and one clear line on bad input."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sentence_transformers import SentenceTransformer

from lib import settings
from lib.__main__ import COMMANDS, main
from lib.commands import train as command
from lib.commands.options import load_data
from lib.commands.train import recipe_from
from lib.errors import InputError
from lib.jobs import pipeline
from lib.jobs.kinds import KINDS
from lib.jobs.trained_runs import export_model
from lib.jobs.worker import work
from lib.models import catalog, static
from lib.recipe.losses import losses_for
from lib.recipe.presets import CLASSIC, recommended_recipe
from lib.recipe.recipe import FIELDS, Recipe
from lib.shapes import Shape
from lib.store.context import JobContext
from lib.store.datasets import Dataset
from lib.store.jobs import OPEN
from lib.store.publish import verify
from lib.store.run_settings import train_command
from lib.store.snapshots import read_snapshots
from lib.store.workspace import Workspace, open_workspace
from lib.training import memory_estimate
from tests.unit.models.folder_check.hostile import HOSTILE
from tests.unit.models.folder_check.spoil import PROMPTS, put
from tests.unit.training.small import frame_of

METRICS = {"recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10"}
ROOT = Path(__file__).resolve().parents[3]
QUICK = ["--threads", "1", "--epochs", "2", "--learning-rate", "2e-3", "--batch-size", "16", "--precision", "fp32"]


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Write a file of 120 pairs."""
    path = tmp_path / "pairs.csv"
    frame_of("pairs")[["anchor", "positive"]].to_csv(path, index=False)  # type: ignore[arg-type]
    return path


def test_several_models_one_line_of_json(
    home: Path, pairs: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run each, in one batch; models published, numbers whole, workspace kept."""
    out = tmp_path / "out"
    again = tmp_path / "second-tiny"
    SentenceTransformer(str(tiny_model), device="cpu").save_pretrained(str(again), create_model_card=False)
    models = ["--model", str(tiny_model), "--model", str(again)]
    assert main(["train", str(pairs), *models, *QUICK, "--out", str(out), "--json"]) == 0
    captured = capsys.readouterr()
    (line,) = captured.out.strip().splitlines()
    output = json.loads(line)
    assert "failed" not in output
    assert set(output["dataset"]) == {"id", "train", "validation", "held_out"}
    assert len(output["runs"]) == 2
    for run in output["runs"]:
        assert set(run["base"]) >= METRICS
        assert set(run["tuned"]) >= METRICS
        assert [epoch["epoch"] for epoch in run["epochs"]] == [0, 1, 2]
        assert set(run["epochs"][1]) >= {"train_seconds", *METRICS}
        assert Path(run["model_dir"]).parent == out
        assert verify(Path(run["model_dir"])) == []
        assert SentenceTransformer(run["model_dir"], device="cpu").encode(["sort"]).shape == (1, 32)
        card = (Path(run["model_dir"]) / "README.md").read_text(encoding="utf-8")
        assert f"| MRR@10 | {run['base']['mrr@10']:.3f} | {run['tuned']['mrr@10']:.3f} |" in card
        assert run["verdict"] in card
    workspace = open_workspace(home)
    assert {run.state for run in workspace.runs.all()} == {"succeeded"}
    (batch,) = {run.batch for run in workspace.runs.all()}
    assert batch.startswith("pairs: 2 models")
    assert "%" in captured.err  # the progress bar


def test_seeds_repeat_a_training_and_their_spread_is_printed(
    home: Path, pairs: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--model", str(tiny_model), *QUICK, "--epochs", "1", "--seed", "5", "--seeds", "2"]
    assert main(["train", str(pairs), *options, "--json"]) == 0
    output = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    (group,) = output["seeds"]
    tuned = [run["tuned"][group["metric"]] for run in output["runs"]]
    assert (group["seeds"], group["runs"]) == ([5, 6], [run["run"] for run in output["runs"]])
    assert group["tuned"]["mean"] == pytest.approx(sum(tuned) / 2)
    assert group["tuned"]["deviation"] == pytest.approx(abs(tuned[0] - tuned[1]) / 2**0.5)
    assert main(["evaluate", group["runs"][0], "--json"]) == 0
    evaluated = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert evaluated["seeds"] == group
    assert evaluated["competition"]["runs"] == 2
    assert main(["train", str(pairs), *options[:-1], "0"]) == 1
    assert len(open_workspace(home).runs.all()) == 2


def test_a_grid_trains_every_recipe_and_the_choice_is_by_validation(
    home: Path, pairs: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--model", str(tiny_model), *QUICK, "--epochs", "1", "--grid", "learning-rate=1e-8,3e-3"]
    assert main(["train", str(pairs), *options, "--json"]) == 0
    output = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    search, workspace = output["search"], open_workspace(home)
    by_run = {run["run"]: run["epochs"][1][search["metric"]] for run in output["runs"]}
    values = [one["validation"] for one in search["recipes"]]
    assert values == [by_run[one["run"]] for one in search["recipes"]] == sorted(by_run.values(), reverse=True)
    assert search["best"] == search["recipes"][0]["run"]
    assert {one["settings"]["learning_rate"] for one in search["recipes"]} == {1e-8, 3e-3}
    for one in search["recipes"]:
        assert workspace.runs.get(one["run"]).recipe.learning_rate == one["settings"]["learning_rate"]
    assert main(["evaluate", search["best"], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["competition"] == search["competition"]
    assert search["competition"]["runs"] == 2
    assert main(["train", str(pairs), *options[:-1], "learning-rate=1e-5,fast"]) == 1
    assert "fast" in capsys.readouterr().err
    assert len(workspace.runs.all()) == 2


def test_each_model_is_trained_with_its_prompts(
    home: Path, pairs: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its own, or those of the table; said before, in the log and the card; saved so that they give our vectors."""
    own, known = (Path(shutil.copytree(tiny_model, tmp_path / name)) for name in ("own", "e5-small"))
    put(PROMPTS, prompts={"query": "ask: ", "document": "text: "})(own)
    models = ["--model", str(own), "--model", str(known)]
    assert main(["train", str(pairs), *models, *QUICK, "--hard-negatives", "1", "--json"]) == 0
    captured = capsys.readouterr()
    workspace = open_workspace(home)
    expected = {str(own): ("ask: ", "text: ", "model"), str(known): ("query: ", "passage: ", "table")}
    for run in workspace.runs.all():
        query, document, source = expected[run.model]
        assert (run.recipe.query_prompt, run.recipe.document_prompt, run.recipe.prompt_source) == expected[run.model]
        assert captured.err.count(f"{run.model}: Prompt before sources") == 1
        log = run.paths.events.read_text(encoding="utf-8")
        assert json.dumps(f'"{query}"')[1:-1] in log
        config = json.loads((run.model_dir / "config_sentence_transformers.json").read_text(encoding="utf-8"))
        assert (config["prompts"]["query"], config["prompts"]["document"]) == (query, document)
        assert f'- document: "{document}"' in (run.model_dir / "README.md").read_text(encoding="utf-8")
        dataset = workspace.datasets.get(run.dataset)
        texts, model = read_snapshots(run.paths.snapshots.folder), SentenceTransformer(str(run.model_dir), device="cpu")
        place = {text: row for row, text in enumerate(texts.texts())}
        for name, encode in (("anchor", model.encode_query), ("positive", model.encode_document)):
            column = dataset.frame()[name].head(20).tolist()
            ours = texts.vectors("best")[[place[text] for text in column]]
            assert np.abs(np.asarray(encode(column)) - ours).max() < 1e-5
    assert main(["train", str(pairs), "--model", f"run:{workspace.runs.all()[-1].id}", *QUICK, "--epochs", "1"]) == 0
    newest = workspace.runs.all()[0].recipe
    assert (newest.query_prompt, newest.document_prompt, newest.prompt_source) == expected[str(own)]


def test_a_base_that_expects_prompts_is_warned_about_when_it_has_none(
    home: Path, pairs: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the start, in the log and with the evaluation; a document prompt of one role is refused."""
    known = str(shutil.copytree(tiny_model, tmp_path / "e5-small"))
    bare = ["--query-prompt", "", "--document-prompt", ""]
    assert main(["train", str(pairs), "--model", known, *QUICK, "--epochs", "1", *bare]) == 0
    assert capsys.readouterr().err.count("was trained with prompts before its texts") == 2
    (run,) = open_workspace(home).runs.all()
    assert "was trained with prompts before its texts" in run.paths.events.read_text(encoding="utf-8")
    assert main(["evaluate", run.id, "--json"]) == 0
    assert "Read without prompts" in json.loads(capsys.readouterr().out)["warnings"]


def test_a_prompt_is_typed_with_a_line_break() -> None:
    assert recipe_from(parse("--query-prompt", r"Find\nQuery: "), 100).query_prompt == "Find\nQuery: "  # type: ignore[arg-type]


def test_one_run_that_fails_hides_none_of_the_others(
    home: Path, pairs: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The good one is listed and copied; the other is named on standard error, and the command has failed."""
    broken = shutil.copytree(tiny_model, tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    save_file({name: np.full_like(value, np.nan) for name, value in weights.items()}, broken / "model.safetensors")
    models = ["--model", str(broken), "--model", str(tiny_model)]
    assert main(["train", str(pairs), *models, *QUICK, "--out", str(tmp_path / "out"), "--json"]) == 1
    captured = capsys.readouterr()
    output = json.loads(captured.out.strip().splitlines()[-1])
    assert [run["model"] for run in output["runs"]] == [str(tiny_model)]
    assert verify(Path(output["runs"][0]["model_dir"])) == []
    (failed,) = output["failed"]
    assert failed["model"] == str(broken)
    assert f"error: {failed['error']}" in captured.err
    assert "not finite" in failed["error"]


def test_an_error_that_nobody_foresaw_is_the_runs_own(
    home: Path,
    pairs: Path,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line and a failed state, its traceback in its log; the next run goes on."""
    again = str(shutil.copytree(tiny_model, tmp_path / "again"))
    train = pipeline.train

    def fail_first(context: JobContext) -> tuple[str, ...]:
        if context.run.model == str(tiny_model):
            raise ZeroDivisionError("by nothing")
        return train(context)

    monkeypatch.setitem(KINDS, "train", replace(KINDS["train"], run=fail_first))
    models = ["--model", str(tiny_model), "--model", again]
    assert main(["train", str(pairs), *models, *QUICK, "--epochs", "1"]) == 1
    captured = capsys.readouterr()
    assert [line for line in captured.err.splitlines() if "by nothing" in line and line.startswith("error: ")]
    second, first = open_workspace(home).runs.all()
    assert (first.state, second.state) == ("failed", "succeeded")
    assert "ZeroDivisionError" in first.paths.events.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["SIGINT", "SIGTERM", "SIGKILL"]
)
def test_an_interrupted_commands_runs_are_not_started_later_unasked(
    number: int, home: Path, pairs: Path, tiny_model: Path, tmp_path: Path
) -> None:
    """A worker that comes later finds nothing to do; a person who asks for another try gets it."""
    again = str(shutil.copytree(tiny_model, tmp_path / "again"))
    long = ["--epochs", "500", "--threads", "1", "--batch-size", "8"]
    words = ["-m", "lib", "train", str(pairs), "--model", str(tiny_model), "--model", again, *long]
    command = subprocess.Popen([sys.executable, *words], cwd=ROOT, stderr=subprocess.DEVNULL)
    workspace = open_workspace(home)
    until = time.monotonic() + 120
    while not any(run.paths.checkpoints.exists() for run in workspace.runs.all()):
        assert command.poll() is None
        assert time.monotonic() < until
        time.sleep(0.1)
    command.send_signal(number)
    assert command.wait(timeout=60) != 0
    work(home)
    (run,) = workspace.runs.all()
    assert run.state == "cancelled"
    assert not workspace.jobs.all(states=OPEN)
    assert workspace.jobs.retry(run.job).payload == {}


def test_what_memory_cannot_hold_is_refused_before_anything_is_stored(
    home: Path, pairs: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_estimate, "has_graphics_card", lambda: False)
    monkeypatch.setattr(memory_estimate, "available_memory", lambda: 600_000_000)
    options = ["train", str(pairs), "--model", str(tiny_model), *QUICK]
    assert main(options) == 1
    captured = capsys.readouterr()
    assert "600 MB are free" in captured.err
    assert "--ignore-memory" in captured.err
    assert not open_workspace().datasets.all()
    monkeypatch.setattr(command, "train_runs", lambda *rest, **named: [])
    assert main([*options, "--ignore-memory"]) == 0
    assert "600 MB are free" in capsys.readouterr().err


def test_a_hostile_folder_is_refused_before_anything_is_stored(
    home: Path, pairs: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its pickle is not opened, nor is the dataset published."""
    hostile = Path(shutil.copytree(tiny_model, tmp_path / "hostile"))
    HOSTILE["weights_only off and a pickle"][1](hostile)
    assert main(["train", str(pairs), "--model", str(hostile), *QUICK]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith(f"error: {hostile / 'pytorch_model.bin'}: ")
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "canary").exists()
    assert open_workspace(home).datasets.all() == []


@pytest.mark.parametrize("words", [["audit"], ["train"]], ids=["audit", "train"])
def test_no_tokenizer_counts_tokens_before_its_folder_is_checked(
    words: list[str],
    home: Path,
    tiny_model: Path,
    tmp_path: Path,
    pairs: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = Path(shutil.copytree(tiny_model, tmp_path / "hostile"))
    HOSTILE["pattern that runs for ever"][1](folder)
    for module in ("audit", "model_notes"):
        for name in ("unknown_tokens", "measure_lengths"):
            monkeypatch.setattr(f"lib.commands.{module}.{name}", lambda *_, **__: pytest.fail("It was read."))
    assert main([*words, str(pairs), "--model", str(folder)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "tokenizer.json" in line


def test_one_model_needs_no_batch_and_what_is_left_out_is_told(
    home: Path, pairs: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "static"
    model = static.distil(SentenceTransformer(str(tiny_model), device="cpu"), dimension=16)
    model.save_pretrained(str(folder), create_model_card=False)
    assert main(["train", str(pairs), "--model", str(folder), *QUICK, "--lora-rank", "4"]) == 0
    captured = capsys.readouterr()
    assert "left out: LoRA rank." in captured.err
    assert captured.out.startswith(f"{folder}: ")
    (run,) = open_workspace(home).runs.all()
    assert run.batch == ""


def test_classes_can_be_kept_apart(tmp_path: Path) -> None:
    """`--same ""` wins over the guess, which would make two labels of three classes."""
    path = tmp_path / "nli.csv"
    names = ("entailment", "neutral", "contradiction")
    rows = [f"a left text {n},another right text {n},{names[n % 3]}" for n in range(90)]
    path.write_text("\n".join(["sentence1,sentence2,label", *rows]))
    guessed = load_data(parse_file(str(path))).prepared  # type: ignore[arg-type]
    data = load_data(parse_file(str(path), "--same", "")).prepared  # type: ignore[arg-type]
    assert set(guessed.frame["label"]) == {"0", "1"}
    assert set(data.frame["label"]) == set(names)
    assert command.count_classes(data.frame) == 3


def test_a_copy_replaces_an_earlier_model_and_nothing_else(tmp_path: Path) -> None:
    model, out = tmp_path / "run" / "a_model", tmp_path / "out"
    model.mkdir(parents=True)
    (model / "closer.json").write_text("{}")
    assert export_model(model, None) == model
    assert export_model(model, out) == export_model(model, out) == out / "a_model"
    assert export_model(model, out, suffix="-2") == out / "a_model-2"
    (out / "a_model" / "closer.json").unlink()
    (out / "a_model" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="was not replaced"):
        export_model(model, out)
    assert (out / "a_model" / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.csv"], "nowhere.csv"),
        (["PAIRS", "--model", "/no/such/folder"], "/no/such/folder"),
        (["PAIRS", "--epochs", "501"], "501"),
        (["PAIRS", "--loss", "CoSENT"], "CoSENT"),
        (["PAIRS", "--model", catalog.STATIC_MODEL, "--loss", "GISTEmbed"], "GISTEmbed needs a transformer"),
        (["PAIRS", "--anchor", "question"], "question"),
    ],
)
def test_bad_input_is_one_line_and_not_zero(
    arguments: list[str], words: str, home: Path, pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, naming what was given; no traceback."""
    given = [str(pairs) if word == "PAIRS" else word for word in arguments]
    assert main(["train", *given]) != 0
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1].startswith("error: ")
    assert words in lines[-1]
    assert not any("Traceback" in line for line in lines)
    assert open_workspace(home).runs.all() == []


def parse(*arguments: str) -> object:
    """Parse the command's options."""
    return parse_file("file.csv", *arguments)


def parse_file(*arguments: str) -> object:
    """Parse a file and options."""
    parser = ArgumentParser()
    command.add(parser)
    return parser.parse_args(list(arguments))


def test_presets_and_changes() -> None:
    """Recommended fits the data's size; Classic stands as it is; each option wins over both."""
    assert recipe_from(parse(), 100) == recommended_recipe(100)  # type: ignore[arg-type]
    assert recipe_from(parse("--preset", "classic"), 100) == CLASSIC  # type: ignore[arg-type]
    changed = recipe_from(parse("--preset", "classic", "--epochs", "4", "--matryoshka", "64", "32", "--packed"), 100)  # type: ignore[arg-type]
    assert (changed.epochs, changed.matryoshka, changed.packed) == (4, (64, 32), True)


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("closer/static-MiniLM", ["--preset", "classic", "--matryoshka", "64", "32", "--learning-rate", "1e-3"]),
        (
            "tiny",
            ["--query-prompt", "find:\\n ", "--document-prompt", "", "--dropout", "-1.0", "--no-packed", "--seed", "7"],
        ),
        ("tiny", []),
    ],
)
def test_the_command_of_a_run_trains_the_same_recipe_on_the_same_rows(
    home: Path, pairs: Path, tiny_model: Path, model: str, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is trained here: what a first command planned is what the command of its run plans."""
    workspace, plans = open_workspace(home), []

    def plan(workspace: Workspace, dataset: Dataset, planned: list[tuple[str, Recipe]], **options: object) -> list[str]:
        plans.append((dataset.id, planned))
        return []

    monkeypatch.setattr(command, "train_runs", plan)
    name = str(tiny_model) if model == "tiny" else model
    assert main(["train", str(pairs), "--model", name, *options]) == 0
    ((dataset, ((planned_model, recipe),)),) = plans
    run = workspace.runs.create(dataset=dataset, model=planned_model, recipe=recipe)
    words = shlex.split(train_command(run))
    assert words[:4] == ["python", "-m", "lib", "train"]
    assert main(words[3:]) == 0
    assert plans[1] == plans[0]
    assert len(workspace.datasets.all()) == 1


@pytest.mark.parametrize("words", [[], ["--dataset", "abc", "pairs.csv"]])
def test_files_or_a_dataset_are_needed_and_not_both(
    home: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *words]) == 1
    assert "files or --dataset" in capsys.readouterr().err
    assert main(["train", "--dataset", "nope"]) == 1
    assert "There is no dataset nope" in capsys.readouterr().err


@pytest.mark.parametrize("command_name", ["train", "evaluate"])
@pytest.mark.parametrize("asked", [False, True])
def test_downloads_are_allowed_by_the_command_that_asks_for_them(
    command_name: str, asked: bool, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(settings.DOWNLOADS, "")
    assert main([command_name, "/no/such/file", *(["--download"] if asked else [])]) == 1
    assert settings.downloads_allowed() is asked


def test_every_setting_is_an_option() -> None:
    """Each field of the recipe, with its help, in `--help`."""
    parser = ArgumentParser()
    command.add(parser)
    options = {option for action in parser._actions for option in action.option_strings}
    missing = {"--" + name.replace("_", "-") for name in FIELDS if f"--{name.replace('_', '-')}" not in options}
    assert missing == set()


def test_the_losses_of_each_shape_stand_in_the_help() -> None:
    parser = ArgumentParser()
    command.add(parser)
    text = " ".join(parser.format_help().split())
    for shape in Shape:
        assert f"{shape.value.replace('_', ' ')}: {', '.join(loss.name for loss in losses_for(shape))}" in text


def test_the_help_ends_with_an_example_that_parses() -> None:
    parser = ArgumentParser()
    command.add(parser)
    first, *_, last = COMMANDS["train"].example.splitlines()
    parsed = parser.parse_args([*shlex.split(first)[1:], *shlex.split(last)[-4:]])
    assert (parsed.query_prompt, parsed.document_prompt) == ("query: ", "passage: ")


def test_help_needs_no_torch() -> None:
    """The help opens at once."""
    code = "import sys; from lib.__main__ import main\ntry:\n    main(['train', '--help'])\nexcept SystemExit:\n    print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert out.stdout.strip().splitlines()[-1] == "False"
