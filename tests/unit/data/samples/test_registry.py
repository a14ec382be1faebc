"""The samples: enough rows, well formed, always the same, and nothing heavy loaded for them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lib.data.samples.python_api import first_sentence, load_python_api
from lib.data.samples.registry import SAMPLES, get_sample, load_support_desk
from lib.errors import NotFoundError


def test_support_desk_has_several_questions_to_many_answers() -> None:
    rows = load_support_desk()
    assert list(rows.columns) == ["source_sentence", "target_sentence"]
    assert len(rows) >= 300
    assert (rows["target_sentence"].value_counts() > 1).sum() > 50
    assert (rows != "").all().all()


def test_load_python_api_has_thousands_of_real_pairs() -> None:
    rows = load_python_api()
    assert 2_000 <= len(rows) <= 4_000
    assert rows["source_sentence"].is_unique
    assert rows["target_sentence"].str.fullmatch(r"[\w.]+\(.*\)").all()
    assert rows["source_sentence"].str.split().str.len().between(4, 40).all()
    found = dict(zip(rows["target_sentence"].str.split("(").str[0], rows["source_sentence"], strict=True))
    assert "copy" in found["shutil.copytree"].lower()
    for name in ("numpy.roll", "pandas.DataFrame.merge", "torch.argmax", "scipy.stats.ttest_ind", "streamlit.button"):
        assert name in found


def test_load_python_api_imports_nothing_heavy_and_repeats_itself() -> None:
    code = (
        "import sys; from lib.data.samples.python_api import load_python_api as f; d = f();"
        "heavy = {'torch', 'sklearn', 'transformers', 'scipy', 'streamlit'} & set(sys.modules);"
        "print(sorted(heavy), len(d), hash(tuple(d.iloc[::7, 0])) and d.iloc[100, 1])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[] ")
    assert done.stdout.split(" ", 2)[2].strip() == load_python_api().iloc[100, 1]


@pytest.mark.parametrize(
    ("docstring", "sentence"),
    [
        ("Return the mean of x. More text here.", "Return the mean of x"),
        ("Compute the sum\nof all the values.\n\nParameters", "Compute the sum of all the values"),
        ("Too short.", ""),
        ("Deprecated: use something else instead now.", ""),
        ("Use :func:`~numpy.sum` to add the values up.", "Use numpy.sum to add the values up"),
        ("", ""),
    ],
)
def test_first_sentence(docstring: str, sentence: str) -> None:
    assert first_sentence(docstring) == sentence


def test_samples_by_key() -> None:
    for key in SAMPLES:
        assert get_sample(key).title
    with pytest.raises(NotFoundError, match="There are"):
        get_sample("nothing")
