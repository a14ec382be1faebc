"""What a person chose on Upload stays, and each choice is an option of the commands too."""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.commands.options import add_data_options
from lib.commands.train import add as add_train_options
from lib.data.audit.registry import CHECKS
from lib.shapes import Shape
from lib.store.runs import Run
from lib.store.uploads import load_upload, store_upload
from lib.store.workspace import Workspace
from lib.ui.shared.components import SHAPE_TITLES
from tests.app.conftest import button, texts
from tests.builders import of_shape

OpenPage = Callable[..., AppTest]
ROWS = 60


def upload_bytes(workspace: Workspace, data: bytes, name: str = "x.csv") -> str:
    """Put a file where an upload puts it and return its id."""
    return store_upload(workspace.home, [(name, io.BytesIO(data))]).id


def upload_columns(workspace: Workspace, encoding: str = "utf-8", **columns: list[str]) -> str:
    """Upload a table of two texts and further columns, each repeated to all rows."""
    frame = pd.DataFrame({name: (cells * ROWS)[:ROWS] for name, cells in columns.items()}, dtype="str")
    return upload_bytes(workspace, frame.to_csv(index=False).encode(encoding))


def sentences(word: str) -> list[str]:
    """Make a text for each row."""
    return [f"{word} is what sentence number {at} is about" for at in range(ROWS)]


def mapping_of(workspace: Workspace, upload: str) -> dict[str, object]:
    """Load the mapping that the upload's draft holds."""
    mapping = load_upload(workspace.home, upload).draft().mapping
    assert mapping is not None
    return mapping


def test_cleared_classes_stay_cleared_over_a_reload(open_page: OpenPage, workspace: Workspace) -> None:
    upload = upload_columns(
        workspace, sentence1=sentences("a"), sentence2=sentences("b"), label=["duplicate", "related", "different"]
    )
    key = f"upload-{upload}-same-label"
    app = open_page("upload", upload=upload)
    assert app.multiselect(key=key).value == ["duplicate"]
    app.multiselect(key=key).set_value([]).run()
    assert not app.exception
    again = open_page("upload", upload=upload)
    assert again.multiselect(key=key).value == []
    assert mapping_of(workspace, upload)["same"] == []
    again.checkbox(key=f"upload-{upload}-keep-classes").check().run()
    button(open_page("upload", upload=upload), "Save dataset").click().run()
    (dataset,) = workspace.datasets.all()
    assert set(dataset.frame()["label"]) == {"duplicate", "related", "different"}


def test_another_encoding_keeps_the_mapping_by_position(open_page: OpenPage, workspace: Workspace) -> None:
    """The names of the columns change with the encoding, what they are for doesn't."""
    upload = upload_columns(
        workspace, "latin-1", **{"Größe": sentences("ä"), "Prüfung": sentences("ö"), "Thema": ["x", "y", "z"]}
    )
    app = open_page("upload", upload=upload)
    anchor, positive = (f"upload-{upload}-{Shape.PAIRS}-{side}" for side in ("anchor", "positive"))
    app.multiselect(key=anchor).set_value(["Prüfung"]).run()
    app.multiselect(key=positive).set_value(["Größe"]).run()
    app.selectbox(key=f"upload-{upload}-read-encoding").set_value("koi8-r").run()
    assert not app.exception
    names = [str(name) for name in app.dataframe[0].value.columns][1:]
    assert names[0] != "Größe"
    assert app.multiselect(key=anchor).value == [names[1]]
    assert app.multiselect(key=positive).value == [names[0]]
    assert mapping_of(workspace, upload)["roles"] == {"anchor": [names[1]], "positive": [names[0]]}
    again = open_page("upload", upload=upload)
    assert again.multiselect(key=anchor).value == [names[1]]


def test_an_answer_to_a_question_stays_over_a_reload(open_page: OpenPage, workspace: Workspace) -> None:
    upload = upload_columns(workspace, question=sentences("q"), answer=sentences("a"), checked=["0", "1"])
    app = open_page("upload", upload=upload)
    widget = f"upload-{upload}-question-checked"
    assert not [one for one in app.button if one.label == "Save dataset"]
    app.segmented_control(key=widget).set_value("neither").run()
    assert button(open_page("upload", upload=upload), "Save dataset")


def test_a_mark_beside_blanks_is_asked_about(open_page: OpenPage, workspace: Workspace) -> None:
    upload = upload_columns(workspace, question=sentences("q"), answer=sentences("a"), wrong=["x", ""])
    app = open_page("upload", upload=upload)
    assert app.segmented_control(key=f"upload-{upload}-question-wrong")
    assert not [one for one in app.button if one.label == "Save dataset"]


def test_too_few_examples_of_a_class_are_refused_before_saving(open_page: OpenPage, workspace: Workspace) -> None:
    upload = upload_columns(workspace, text=sentences("t"), label=["a"] * (ROWS - 1) + ["b"])
    app = open_page("upload", upload=upload)
    assert len(app.error) == 1
    assert "“a”" in texts(app)
    assert not [one for one in app.button if one.label == "Save dataset"]


@pytest.mark.parametrize("page", ["train", "explore"])
def test_a_link_to_a_failed_run_says_that_it_failed_and_why(
    open_page: OpenPage, make_run: Callable[..., Run], page: str
) -> None:
    make_run("succeeded", name="A good one")
    run = make_run("failed", name="A bad one")
    app = open_page(page, run=run.id)
    assert "The disk is full" in texts(app)
    assert not app.exception


OPTIONS = {
    "read-encoding": "--encoding",
    "read-separator": "--separator",
    "read-quote": "--quote",
    "read-header": "--header",
    "read-sheet": "--sheet",
    "read-skip": "--skip",
    "read-na": "--na",
    "shape": "--shape",
    "anchor": "--anchor",
    "positive": "--positive",
    "negatives": "--negative",
    "text": "--text",
    "label": "--label",
    "score": "--score",
    "scale": "--score-scale",
    "same": "--same",
    "keep-classes": "--same",
    "group": "--group",
    "part": "--split-column",
    "validation": "--validation",
    "held-out": "--held-out",
    "seed": "--split-seed",
    "own": "--held-out-file",
    "name": "--name",
    "notes": "--notes",
    "question": "--label",
}
"""What the page asks for, and the option of the commands that says the same."""
ACTIONS = ("swap", "save", "left-out", "cells", "apply", "undo-correction", "finding")
"""Parts of the page that choose nothing: buttons, tables, headings. Corrections by hand are for files of any size too large to edit."""


def option_names(add: Callable[[argparse.ArgumentParser], None]) -> set[str]:
    """List the options of a command."""
    parser = argparse.ArgumentParser()
    add(parser)
    return {name for action in parser._actions for name in action.option_strings}


def page_choices(app: AppTest, upload: str) -> set[str]:
    """List what the page asks for: the keys of its fields, without upload and shape."""
    prefix = f"upload-{upload}-"
    kinds = ("selectbox", "multiselect", "segmented_control", "number_input", "text_input", "text_area", "checkbox")
    kinds += ("file_uploader",)
    keys = {one.key.removeprefix(prefix) for kind in kinds for one in app.get(kind) if str(one.key).startswith(prefix)}
    shapes = tuple(f"{shape}-" for shape in SHAPE_TITLES)
    return {next((key.removeprefix(shape) for shape in shapes if key.startswith(shape)), key) for key in keys}


@pytest.mark.parametrize("shape", list(Shape))
def test_every_choice_of_the_page_is_an_option_of_the_commands(
    open_page: OpenPage, workspace: Workspace, shape: Shape
) -> None:
    upload = upload_bytes(workspace, of_shape(shape, 120).to_csv(index=False).encode())
    choices = page_choices(open_page("upload", upload=upload), upload)
    assert {"read-encoding", "read-skip", "shape", "group", "part", "validation", "seed", "name"} <= choices
    choices = {
        next((name for name in ("choice", "same", "scale") if one.startswith(f"{name}-")), one) for one in choices
    }
    known = option_names(add_train_options)
    assert {choice for choice in choices - {"choice"} if OPTIONS.get(choice) not in known} == set()


def test_every_choice_of_a_finding_is_an_option_of_the_commands() -> None:
    choices = {f"--{choice}" for check in CHECKS for choice in check.choices}
    assert choices == {"--keep", "--drop", "--fix"}
    assert choices | set(OPTIONS.values()) - {"--name", "--notes"} <= option_names(add_data_options)


def test_of_two_classes_one_has_to_be_the_same(open_page: OpenPage, workspace: Workspace) -> None:
    upload = upload_columns(workspace, premise=sentences("p"), hypothesis=sentences("h"), label=["0", "1"])
    app = open_page("upload", upload=upload)
    assert not [one for one in app.button if one.label == "Save dataset"]
    assert not [one for one in app.checkbox if one.key == f"upload-{upload}-keep-classes"]
    app.multiselect(key=f"upload-{upload}-same-label").set_value(["0"]).run()
    button(app, "Save dataset").click().run()
    (dataset,) = workspace.datasets.all()
    assert dataset.facts["mapping"]["same"] == ["0"]
