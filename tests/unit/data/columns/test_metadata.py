"""Which columns of a file are stored to compare results by, and that they follow their rows."""

from __future__ import annotations

import pandas as pd
import pytest

from lib.data.columns.metadata import METADATA_PREFIX, group_columns, metadata_columns
from lib.data.prepare import audit_table, prepare
from lib.data.table import Table


def table(rows: int = 60) -> pd.DataFrame:
    """Build pairs with columns of every kind beside them."""
    return pd.DataFrame(
        {
            "question": [f"how do I mend thing number {n}" for n in range(rows)],
            "answer": [f"you mend thing {n} with tool {n}" for n in range(rows)],
            "language": [" de" if n % 3 else "pt" for n in range(rows)],
            "page": [f"page {n}" for n in range(rows)],
            "source": ["wiki"] * rows,
            "url": [f"https://x.example/{n % 2}" for n in range(rows)],
            "remark": [
                f"a long remark that says {'much' if n % 2 else 'little'} of the answer beside it, and on"
                for n in range(rows)
            ],
            "product": ["", "saw", "drill"] * (rows // 3),
        }
    )


def test_columns_of_few_short_values_are_stored() -> None:
    frame = prepare(table()).frame
    assert set(metadata_columns(frame)) == {"language", "product"}
    number = frame["anchor"].str.extract(r"number (\d+)")[0].astype(int)
    assert frame[f"{METADATA_PREFIX}language"].tolist() == ["de" if n % 3 else "pt" for n in number]
    assert frame[f"{METADATA_PREFIX}product"].tolist() == [["", "saw", "drill"][n % 3] for n in number]


def test_rows_that_are_left_out_have_no_such_columns_and_the_others_keep_theirs() -> None:
    rows = table()
    rows.loc[5, "answer"] = ""
    audit = audit_table(Table.from_frame(rows), guess(rows))
    assert not metadata_columns(audit.left_out)
    kept = audit.examples.frame
    assert len(kept) == 59
    assert (kept[f"{METADATA_PREFIX}language"] == "pt").sum() == 20


def guess(rows: pd.DataFrame) -> object:
    from lib.data.columns.guess import guess_mapping

    return guess_mapping(Table.from_frame(rows))


def test_a_held_out_file_brings_its_own_values() -> None:
    own = table().tail(9).drop(columns="product").assign(language="fr")
    own["question"], own["answer"] = own["question"] + " now", own["answer"] + " today"
    frame = prepare(table().head(48), own_held_out=Table.from_frame(own)).frame
    held_out = frame[frame["part"] == "held_out"]
    assert set(held_out[f"{METADATA_PREFIX}language"]) == {"fr"}
    assert set(held_out[f"{METADATA_PREFIX}product"]) == {""}


@pytest.mark.parametrize(("values", "found"), [(3, {"group": "group"}), (40, {})])
def test_datasets_of_earlier_versions_have_their_group(values: int, found: dict[str, str]) -> None:
    frame = pd.DataFrame({"anchor": "x", "group": [f"team {n % values}" for n in range(60)]})
    assert group_columns(frame) == found


def test_a_column_may_be_called_as_one_of_ours() -> None:
    rows = table().rename(columns={"language": "line", "product": "part of"})
    frame = prepare(rows).frame
    assert {"line", "part of"} <= set(metadata_columns(frame))
    assert frame["line"].dtype == "int64"
