"""The table of exported forms: each stands below the tuned model that it was compared with."""

from __future__ import annotations

from lib.evaluation.difference import Difference
from lib.experiments.exported_form import ExportedForm, ModelCost
from lib.models.forms.form import Form
from lib.ui.explore.exported_forms import forms_table


def made(form: Form, *, tuned: float, exported: float) -> ExportedForm:
    metrics = {"accuracy@1": Difference(tuned, exported, -0.1, 0.1)}
    return ExportedForm(form, "accuracy@1", metrics, 74, 0.0, ModelCost(10, 192, 200.0), ModelCost(20, 384, 100.0), "m")


def test_onnx_stands_below_the_tuned_model_in_fp32() -> None:
    table = forms_table(
        [
            made(Form.TRUNCATED, tuned=0.51, exported=0.43),
            made(Form.STATIC, tuned=0.51, exported=0.08),
            made(Form.ONNX, tuned=0.5, exported=0.5),
            made(Form.ONNX_INT8, tuned=0.5, exported=0.49),
        ]
    )
    assert [name.startswith("Tuned model") for name in table["Form"]] == [True, False, False, True, False, False]
    assert table["Form"].nunique() == 6
    assert [cell.split()[0] for cell in table.iloc[:, 1]] == ["51%", "43%", "8%", "50%", "50%", "49%"]
