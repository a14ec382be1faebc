"""Workbooks as people keep them: what Excel shows beside the cells is read, or named."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from lib.data.read.child_process import read_in_child_process
from lib.data.read.options import ReadOptions
from lib.data.read.tables import read_table
from lib.data.table import NoteKind, Table
from lib.errors import InputError, SheetError
from tests.unit.data.read.odd_files import workbook

QA: list[list[object]] = [[f"How do I clean machine {n}?", f"Wipe machine {n} with a damp cloth."] for n in range(12)]
HEADED: list[list[object]] = [["question", "answer"], *QA]


def change_part(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """Change one file of a workbook."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.infolist():
            content = source.read(item)
            target.writestr(item, change(content) if item.filename == part else content)
    return out.getvalue()


def edited(rows: list[list[object]], edit: Callable[[Worksheet], object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    edit(book.active)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(folder: Path, data: bytes, **options: object) -> Table:
    path = folder / "book.xlsx"
    path.write_bytes(data)
    return read_table(path, options=ReadOptions(**options))  # type: ignore[arg-type]


def noted(table: Table, kind: NoteKind = NoteKind.CELLS) -> list[tuple[int, ...]]:
    return [note.lines for note in table.report.notes if note.kind is kind]


def test_merged_cells_are_filled_down_and_named(tmp_path: Path) -> None:
    rows: list[list[object]] = [["topic", "question", "answer"], *([None, *row] for row in QA)]
    rows[1][0], rows[5][0] = "heat", "water"

    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("A2:A5")
        sheet.merge_cells("A6:A13")

    table = read(tmp_path, edited(rows, merge))
    assert table.frame["topic"].tolist() == ["heat"] * 4 + ["water"] * 8
    assert noted(table) == [(3, 4, 5, 7, 8, 9, 10, 11, 12, 13)]


def test_a_merged_question_stands_beside_each_of_its_answers(tmp_path: Path) -> None:
    rows: list[list[object]] = [["question", "answer"], ["x?", "one"], [None, "two"], [None, "three"], ["y?", "four"]]
    table = read(tmp_path, edited(rows, lambda sheet: sheet.merge_cells("A2:A4")))
    assert table.frame.to_numpy().tolist() == [["x?", "one"], ["x?", "two"], ["x?", "three"], ["y?", "four"]]


def test_cells_merged_over_columns_fill_no_column(tmp_path: Path) -> None:
    rows: list[list[object]] = [["question", "answer", "source"], *([*row, "desk"] for row in QA)]
    rows[3] = ["only a question", None, None]
    table = read(tmp_path, edited(rows, lambda sheet: sheet.merge_cells("A4:C4")))
    assert table.frame.iloc[2].tolist() == ["only a question", "", ""]
    assert noted(table) == []


def test_a_title_merged_over_the_table_is_a_title(tmp_path: Path) -> None:
    rows: list[list[object]] = [["All questions of May"], [None], *HEADED]

    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("A1:B2")

    table = read(tmp_path, edited(rows, merge))
    assert list(table.frame.columns) == ["question", "answer"]
    assert (len(table.frame), noted(table), noted(table, NoteKind.SKIPPED)) == (12, [], [(1,)])


def test_a_header_of_two_rows_is_read_by_its_lower_one(tmp_path: Path) -> None:
    rows: list[list[object]] = [["question", "answers", None], [None, "short", "long"], *([*row, row[1]] for row in QA)]

    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("A1:A2")
        sheet.merge_cells("B1:C1")

    table = read(tmp_path, edited(rows, merge))
    assert list(table.frame.columns) == ["question", "short", "long"]
    assert len(table.frame) == 12


@pytest.mark.parametrize("ranges", ["A2:A4 A3:A6", "A2:A1048576", "A:A", "C2:XFD1048576", "A13:A2"])
def test_odd_merged_ranges_do_no_harm(tmp_path: Path, ranges: str) -> None:
    rows = [*HEADED[:2], [None, "second"], [None, "third"], *HEADED[4:]]
    cells = "".join(f'<mergeCell ref="{one}"/>' for one in ranges.split())
    end = b"</sheetData><mergeCells>" + cells.encode() + b"</mergeCells>"
    data = change_part(
        workbook({"Sheet": rows}), "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", end)
    )
    table = read(tmp_path, data)
    assert table.frame["answer"].tolist()[:3] == [HEADED[1][1], "second", "third"]
    assert table.frame["question"].tolist()[3:] == [row[0] for row in HEADED[4:]]


def test_hidden_rows_and_columns_are_read_and_named(tmp_path: Path) -> None:
    def hide(sheet: Worksheet) -> None:
        for row in (3, 7):
            sheet.row_dimensions[row].hidden = True
        sheet.column_dimensions["B"].hidden = True
        sheet.column_dimensions.group("C", "XFD", hidden=True)  # everything right of the table

    table = read(tmp_path, edited(HEADED, hide))
    assert len(table.frame) == 12
    rows, columns = [note for note in table.report.notes if note.kind is NoteKind.CELLS]
    assert (rows.lines, columns.names) == ((3, 7), ("answer",))


def test_rows_that_a_filter_hides_are_named(tmp_path: Path) -> None:
    def narrow(sheet: Worksheet) -> None:
        sheet.auto_filter.ref = "A1:B13"
        sheet.auto_filter.add_filter_column(0, ["How do I clean machine 0?"])
        for row in range(3, 14):
            sheet.row_dimensions[row].hidden = True

    assert noted(read(tmp_path, edited(HEADED, narrow))) == [tuple(range(3, 14))]


def test_formulas_without_values_are_named(tmp_path: Path) -> None:
    rows = [["part", "question", "answer"], *([row[0], f'=A{n}&"!"', row[1]] for n, row in enumerate(QA, start=2))]
    table = read(tmp_path, edited(rows, lambda sheet: None))
    assert set(table.frame["question"]) == {""}
    assert noted(table) == [tuple(range(2, 14))]


def test_formulas_with_values_are_read_and_empty_ones_are_no_fault(tmp_path: Path) -> None:
    data = edited([["question", "answer"], ["a", "=1+1"], ["b", '=""'], ["c", "x"]], lambda sheet: None)

    def calculate(xml: bytes) -> bytes:
        return (
            xml.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
            .replace(b'<c r="B3"><f>""</f><v />', b'<c r="B3" t="str"><f>""</f><v></v>')
            .replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>")
            .replace(b'<c r="B3"><f>""</f><v></v>', b'<c r="B3" t="str"><f>""</f><v></v>')
        )

    table = read(tmp_path, change_part(data, "xl/worksheets/sheet1.xml", calculate))
    assert table.frame["answer"].tolist() == ["2", "", "x"]
    assert noted(table) == []


def with_zeros(*, value: bytes = b"0", chain: bool = False) -> bytes:
    """Give every formula of a workbook a value, as XlsxWriter does. chain: whether Excel calculated them."""
    rows = [["question", "answer", "score"], *([*row, f"=A{n}+1"] for n, row in enumerate(QA, start=2))]
    data = change_part(
        edited(rows, lambda sheet: None),
        "xl/worksheets/sheet1.xml",
        lambda xml: re.sub(rb"</f><v ?/>|</f><v></v>", b"</f><v>0</v>", xml).replace(
            b"<v>0</v>", b"<v>" + value + b"</v>", 1
        ),
    )
    if not chain:
        return data
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/calcChain.xml", b"<calcChain/>")
    return out.getvalue()


def test_formulas_that_are_all_zero_may_not_have_been_calculated(tmp_path: Path) -> None:
    table = read(tmp_path, with_zeros())
    assert set(table.frame["score"]) == {"0"}
    assert noted(table) == [tuple(range(2, 14))]
    assert noted(read(tmp_path, with_zeros(value=b"3"))) == []
    assert noted(read(tmp_path, with_zeros(chain=True))) == []


def test_an_error_word_that_is_a_text_is_named_like_an_error(tmp_path: Path) -> None:
    table = read(tmp_path, workbook({"Sheet": [*HEADED, ["#N/A", "x"]]}))
    assert (table.frame["question"][12], noted(table)) == ("", [(14,)])


@pytest.mark.parametrize("word", ["#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!"])
def test_error_cells_are_empty_and_named(tmp_path: Path, word: str) -> None:
    def break_cell(sheet: Worksheet) -> None:
        sheet["B4"].value, sheet["B4"].data_type = word, "e"

    table = read(tmp_path, edited(HEADED, break_cell))
    (note,) = table.report.notes
    assert (table.frame["answer"][2], note.kind, note.lines) == ("", NoteKind.CELLS, (4,))
    assert word in note.text


def test_a_date_beyond_the_calendar_is_an_error_cell(tmp_path: Path) -> None:
    def put(sheet: Worksheet) -> None:
        sheet["C1"], sheet["C2"], sheet["C3"] = "asked on", datetime.date(2024, 5, 1), 99_999_999
        sheet["C4"] = datetime.datetime(2024, 5, 1, 12, 30)
        sheet["C3"].number_format = "yyyy-mm-dd"

    table = read(tmp_path, edited(HEADED, put))
    assert table.frame["asked on"].tolist()[:3] == ["2024-05-01", "", "2024-05-01 12:30:00"]
    assert noted(table) == [(3,)]


def test_lists_in_cells_of_a_sheet_are_unpacked(tmp_path: Path) -> None:
    rows = [["query", "positive", "negatives", "vector"]]
    rows += [[str(q), str(a), "['one, a', 'two']" if n % 2 else '["one"]', "[0.1, 0.2]"] for n, (q, a) in enumerate(QA)]
    table = read(tmp_path, workbook({"Data": rows}))  # type: ignore[dict-item]
    assert list(table.frame.columns) == ["query", "positive", "negatives", "negatives_2"]
    assert table.frame.iloc[1, 2:].tolist() == ["one, a", "two"]
    assert [note.names for note in table.report.notes] == [("negatives",), ("vector",)]


COVERS: dict[str, list[list[object]]] = {
    "a text": [["Our questions"], ["Made in spring"], ["See the next sheet"]],
    "facts": [["Project", "Service desk"], ["Date", datetime.date(2024, 5, 1)], ["Version", 3], ["Author", "Ada"]],
    "a layout": [[None, "Questions"], [], [None, None, "of May"], [], ["By", None, "Ada"], [None, "page 1"]],
    "a title in two cells": [["Title", "Support FAQ"], ["Owner", "Ada"]],
    "contents": [["Sheet", "About"], ["Data", "Questions of the service desk with their answers"]],
    "nothing": [],
}


@pytest.mark.parametrize("name", COVERS)
def test_a_cover_sheet_is_passed_over_and_named(tmp_path: Path, name: str) -> None:
    table = read(tmp_path, workbook({"Cover": COVERS[name], "Data": HEADED, "More": HEADED[:4]}))
    assert (table.report.sheet, len(table.frame)) == ("Data", 12)
    assert [note.names for note in table.report.notes] == [("Cover", "More")]
    assert read(tmp_path, workbook({"Data": HEADED, "Notes": COVERS[name]})).report.sheet == "Data"


@pytest.mark.parametrize("header", [["Customer says", "We reply"], ["src", "tgt"], ["Frage der Kundin", "Antwort"], []])
def test_the_first_of_several_tables_is_read(tmp_path: Path, header: list[object]) -> None:
    rows = [header, *QA] if header else QA
    table = read(tmp_path, workbook({"One": rows, "Two": HEADED * 9} if header else {"One": rows, "Two": rows}))
    assert (table.report.sheet, len(table.frame)) == ("One", 12)


def test_hidden_sheets_come_last(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Lists"
    book.active.sheet_state = "hidden"
    shown = book.create_sheet("Data")
    for row in HEADED:
        book.active.append(row)
        shown.append(row)
    out = io.BytesIO()
    book.active = 1
    book.save(out)
    table = read(tmp_path, out.getvalue())
    assert table.report.sheet == "Data"
    assert "(hidden)" in table.report.notes[0].text
    assert read(tmp_path, out.getvalue(), sheet="Lists").report.sheet == "Lists"


UNREADABLE: dict[str, dict[str, list[list[object]]]] = {
    "one column": {"One": [["a"], ["b"]], "Two": [["c"], ["d"]]},
    "a header only": {"One": [["question", "answer"]], "Two": [["c"], ["d"]]},
    "two columns of one name": {"One": [["text", "text"], ["b", "c"]], "Two": [["c"], ["d"]]},
    "nothing": {"One": [], "Two": []},
}


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("act", [read_table, read_in_child_process])
def test_an_error_about_a_sheet_offers_the_others(tmp_path: Path, act: Callable[..., Table], name: str) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbook(UNREADABLE[name]))
    with pytest.raises(SheetError) as refused:
        act(path)
    assert refused.value.sheets == ("One", "Two")


def test_an_error_about_the_only_sheet_or_a_missing_one(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, workbook({"One": [["a"], ["b"]]}))
    assert not isinstance(refused.value, SheetError)
    with pytest.raises(SheetError, match="no sheet “Three”"):
        read(tmp_path, workbook({"One": HEADED, "Two": HEADED}), sheet="Three")


ODD_XML: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "a stated size of one cell": (
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'<dimension ref="A1:B13"', b'<dimension ref="A1"'),
    ),
    "damaged styles": ("xl/styles.xml", lambda xml: xml.replace(b"<fonts", b"<fonts><odd/></fonts><fonts", 1)),
    "styles cut off": ("xl/styles.xml", lambda xml: xml[: len(xml) // 2]),
    "a damaged theme": ("xl/theme/theme1.xml", lambda xml: xml[:99]),
    "damaged properties": ("docProps/core.xml", lambda xml: xml[:99]),
    "an unknown rule of validation": (
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"</sheetData>", b'</sheetData><dataValidations count="x"><odd/></dataValidations>'),
    ),
    "no numbers of rows and cells": (
        "xl/worksheets/sheet1.xml",
        lambda xml: re.sub(rb' r="\w+"', b"", xml),
    ),
}


@pytest.mark.parametrize("name", ODD_XML)
def test_what_holds_no_cells_refuses_no_workbook(tmp_path: Path, name: str) -> None:
    part, change = ODD_XML[name]
    table = read(tmp_path, change_part(workbook({"Sheet": HEADED}), part, change))
    assert table.frame.to_numpy().tolist() == QA


def test_a_row_far_below_and_a_cell_far_right_cost_nothing(tmp_path: Path) -> None:
    far = b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>far</t></is></c></row></sheetData>'
    data = change_part(
        workbook({"Sheet": HEADED}), "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", far)
    )
    table = read(tmp_path, data)
    assert (len(table.frame), table.lines[-1]) == (13, 1_048_576)
    wide = edited(HEADED, lambda sheet: sheet.cell(2, 16_384, "far"))
    with pytest.raises(InputError, match=r"1,001 columns; 1,000"):
        read(tmp_path, wide)


def test_escaped_line_ends_of_windows_are_line_ends(tmp_path: Path) -> None:
    rows = [["question", "answer"], ["one_x000D_\ntwo", "tab_x0009_x"], ["_x1234_", "x00"]]
    table = read(tmp_path, workbook({"Sheet": rows}))  # type: ignore[dict-item]
    assert table.frame.to_numpy().tolist() == [["one\ntwo", "tab\tx"], ["_x1234_", "x00"]]


def archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, content in files.items():
            target.writestr(name, content)
    return out.getvalue()


TYPES = b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>'
OTHER_DOCUMENTS = {
    "Word": archive({"[Content_Types].xml": TYPES, "word/document.xml": b"<w/>"}),
    "PowerPoint": archive({"[Content_Types].xml": TYPES, "ppt/presentation.xml": b"<p/>"}),
    "xlsb": archive({"[Content_Types].xml": TYPES, "xl/workbook.bin": b"\0"}),
    "OpenDocument": archive(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": b"",
            "content.xml": b"",
        }
    ),
    "strict": change_part(
        workbook({"Sheet": HEADED}),
        "xl/workbook.xml",
        lambda xml: xml.replace(
            b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
            b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        ),
    ),
}


@pytest.mark.parametrize("name", OTHER_DOCUMENTS)
def test_other_documents_are_called_what_they_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=name):
        read(tmp_path, OTHER_DOCUMENTS[name])


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
)


def sheet_begin(data: bytes) -> int:
    """Find where the packed bytes of the sheet stand in the archive."""
    return zipfile.ZipFile(io.BytesIO(data)).getinfo("xl/worksheets/sheet1.xml").header_offset + 100


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "entities": lambda data: change_part(
        data, "xl/worksheets/sheet1.xml", lambda xml: ENTITIES + b"]>" + xml.replace(b"<t>question", b"<t>&j;", 1)
    ),
    "a string that is missing": lambda data: change_part(
        data,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"<row ", b'<row r="1"><c t="s"><v>99999</v></c></row><row ', 1),
    ),
    "a row of no number": lambda data: change_part(
        data, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'<row r="2"', b'<row r="two"', 1)
    ),
    "no workbook": lambda data: change_part(data, "[Content_Types].xml", lambda xml: TYPES),
    "relations to nowhere": lambda data: change_part(
        data, "xl/_rels/workbook.xml.rels", lambda xml: xml.replace(b"sheet1", b"sheet7")
    ),
    "zeros in the sheet": lambda data: data[: sheet_begin(data)] + bytes(60) + data[sheet_begin(data) + 60 :],
    "cut off": lambda data: data[: len(data) * 2 // 3],
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(DAMAGED[name](workbook({"Sheet": HEADED})))
    with pytest.raises(InputError, match="damaged|no sheet with cells") as refused:
        read_in_child_process(path)
    assert "memory" not in str(refused.value)
