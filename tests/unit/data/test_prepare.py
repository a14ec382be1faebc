"""The whole road: a table in, audited and split examples out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from lib.data.audit.corrections import REMOVED_MANUALLY, Correction, apply_corrections, find_corrections
from lib.data.columns.guess import guess_mapping
from lib.data.columns.mapping import apply_mapping
from lib.data.prepare import LEAK_REASON, audit_table, prepare, split_audited
from lib.data.samples.add import add_sample
from lib.data.samples.registry import load_support_desk
from lib.data.split.sample_size import count_independent, held_out_advice, rows_for_half_width, share_half_width
from lib.data.table import Table
from lib.errors import InputError, NotFoundError
from lib.store.uploads import Draft, load_upload, remove_own_held_out, store_own_held_out, store_upload
from lib.store.workspace import open_workspace


def table(count: int = 100) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "question": [f"how do I do thing number {at}" for at in range(count)],
            "answer": [f"thing {at} is done so" for at in range(count)],
        },
        dtype="str",
    )


def test_frame_is_what_others_rely_on() -> None:
    prepared = prepare(table())
    assert list(prepared.frame.columns) == ["line", "part", "component", "anchor", "positive"]
    assert prepared.frame["line"].dtype == prepared.frame["component"].dtype == "int64"
    assert prepared.frame.index.tolist() == list(range(100))
    assert prepared.counts == {"train": 70, "validation": 10, "held_out": 20}
    assert json.loads(json.dumps(prepared.facts))["split"]["train"] == 70


def test_preparing_twice_gives_the_same() -> None:
    pd.testing.assert_frame_equal(prepare(table()).frame, prepare(table()).frame)


def test_nothing_is_lost_silently() -> None:
    rows = table()
    rows.loc[3, "answer"] = ""
    rows.loc[5] = rows.loc[4]
    prepared = prepare(rows)
    assert len(prepared.frame) + len(prepared.left_out) == 100
    assert prepared.left_out[["line", "reason"]].to_numpy().tolist() == [[5, "Empty cells"], [7, "Exact duplicates"]]
    assert sum(finding["count"] for finding in prepared.facts["findings"]) == 2


def test_own_held_out_file_judges_and_what_it_shares_is_left_out() -> None:
    own = Table.from_frame(table(10))
    prepared = prepare(table(), own_held_out=own)
    assert prepared.counts["held_out"] == 10
    assert (prepared.left_out["reason"] == "Exact duplicates").sum() == 10
    held_out = prepared.frame[prepared.frame["part"] == "held_out"]
    assert set(held_out["anchor"]) == set(own.frame["question"])


def test_own_held_out_rows_that_only_share_a_text_leave_train_out() -> None:
    own = table(10).assign(answer="another answer")
    prepared = prepare(table(), own_held_out=Table.from_frame(own))
    assert (prepared.left_out["reason"] == LEAK_REASON).sum() == 10
    assert prepared.counts["held_out"] == 10


def test_split_column_is_kept_and_what_is_missing_is_taken_from_train() -> None:
    rows = table().assign(split=["test"] * 30 + ["train"] * 70)
    mapping = replace(guess_mapping(Table.from_frame(rows)), part="split")
    prepared = prepare(rows, mapping=mapping)
    assert prepared.counts["held_out"] == 30
    assert prepared.counts["validation"] == 10
    assert set(prepared.frame.loc[prepared.frame["part"] == "held_out", "line"]) == set(range(2, 32))


def test_two_held_out_sources_are_refused() -> None:
    rows = table().assign(split=["test"] * 30 + ["train"] * 70)
    mapping = replace(guess_mapping(Table.from_frame(rows)), part="split")
    with pytest.raises(InputError, match="split column and in a separate file"):
        prepare(rows, mapping=mapping, own_held_out=Table.from_frame(table(5)))


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_rows_are_refused(count: int) -> None:
    with pytest.raises(InputError, match="leaves no rows"):
        prepare(table(count))


def test_all_rows_empty_is_refused() -> None:
    with pytest.raises(InputError, match="No rows are left"):
        prepare(table().assign(answer=""))


def test_corrections_change_cells_and_leave_rows_out() -> None:
    rows = Table.from_frame(table())
    changes = [
        Correction(2, "positive", "thing 0 is done so", "better"),
        Correction(3, "anchor", "how do I do thing number 1", None),
        Correction(4, "anchor", "not what stands there", "x"),
        Correction(5, "nowhere", "x", "y"),
    ]
    audited = audit_table(rows, guess_mapping(rows), corrections=changes)
    frame = audited.examples.frame
    assert frame.loc[0, "positive"] == "better"
    assert 3 not in frame["line"].tolist()
    assert audited.left_out[["line", "reason"]].to_numpy().tolist() == [[3, REMOVED_MANUALLY]]
    assert len(split_audited(audited).frame) == 99


def test_differences_are_the_corrections_that_make_them() -> None:
    before = apply_mapping(Table.from_frame(table(4)), guess_mapping(Table.from_frame(table(4)))).frame
    after = before.copy()
    after.loc[2, "anchor"] = "changed"
    found = find_corrections(before, after)
    assert [(item.line, item.column, item.after) for item in found] == [(4, "anchor", "changed")]
    again, _ = apply_corrections(
        apply_mapping(Table.from_frame(table(4)), guess_mapping(Table.from_frame(table(4)))), found
    )
    pd.testing.assert_frame_equal(again.frame, after)


def test_uploads_lie_on_disk_and_remember_choices(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "My data.CSV"
    source.write_text("a,b\nx,y\n")
    with source.open("rb") as file:
        upload = store_upload(home, [("../../evil name.tar.gz", file)])
    assert upload.files[0].name == "0.tar.gz"
    assert upload.files[0].read_text() == "a,b\nx,y\n"
    assert upload.files[0].parent.parent == home / "uploads"
    upload.change(seed=5, choices={"html": "fix"})
    assert load_upload(home, upload.id).draft() == Draft(seed=5, choices={"html": "fix"})
    (upload.folder / "draft.json").write_text("{broken")
    assert load_upload(home, upload.id).draft() == Draft()
    with source.open("rb") as file:
        assert store_own_held_out(upload, "own.csv", file).own_held_out == upload.folder / "held_out.csv"
    assert load_upload(home, upload.id).own_held_out is not None
    assert remove_own_held_out(upload).own_held_out is None
    assert load_upload(home, upload.id).own_held_out is None


@pytest.mark.parametrize("identity", ["0" * 16, "../datasets", "", "x" * 16])
def test_unknown_upload_is_named(home: Path, identity: str) -> None:
    with pytest.raises(NotFoundError):
        load_upload(home, identity)


def test_too_large_a_file_leaves_nothing(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.store.uploads.MAX_FILE_BYTES", 10)
    source = tmp_path / "large.csv"
    source.write_text("a,b\n" * 10)
    with source.open("rb") as file, pytest.raises(InputError, match="larger than"):
        store_upload(home, [("large.csv", file)])
    assert list((home / "uploads").iterdir()) == []


def test_sample_becomes_one_dataset_however_often_it_is_added(home: Path) -> None:
    workspace = open_workspace(home)
    first, second = add_sample(workspace, "support_desk"), add_sample(workspace, "support_desk")
    assert first.id == second.id
    assert [dataset.id for dataset in workspace.datasets.all()] == [first.id]
    assert first.rows == len(load_support_desk())
    assert [path.suffix for path in first.originals] == [".csv"]


def test_half_width_says_what_rows_can_show() -> None:
    assert share_half_width(100) == pytest.approx(0.098, abs=0.001)
    assert rows_for_half_width(share_half_width(100)) == 100
    assert "±9.8 points" in held_out_advice(300, 100, scored=False)
    assert count_independent(pd.DataFrame({"anchor": ["a", "b"], "positive": ["c", "c"], "component": [0, 0]})) == 1
