"""Dialects, quotes that are characters, titles and headers: each file with what a person who made it would expect."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.data.read.options import ReadOptions
from lib.data.read.tables import read_table
from lib.data.table import NoteKind, Table
from lib.errors import InputError

Q, A = "How do I clean the ladder number {n}?", "For the ladder {n}: wipe it with a damp cloth, then let it dry."
QA = [(Q.format(n=n), A.format(n=n)) for n in range(12)]


def read(folder: Path, text: str | bytes, **options: object) -> Table:
    path = folder / "file"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path, options=ReadOptions(**options))  # type: ignore[arg-type]


def tsv(rows: list[tuple[str, ...]], header: str = "id\tsentence1\tsentence2\tlabel\n") -> str:
    return header + "".join("\t".join(row) + "\n" for row in rows)


def kinds(table: Table) -> list[NoteKind]:
    return [note.kind for note in table.report.notes]


PLAIN_QUOTES = {
    "opens in one row and closes in another": ('"He said so.', "She did.", "He said so.", 'She did."'),
    "a word at the start": ('"Yes" he said', "No he said", "Maybe", "Never"),
    "a cell that is enclosed": ('"Yes."', "No.", "Maybe.", "Never."),
    "one that never closes": ("Yes.", '"No.', "Maybe.", "Never."),
    "at the end": ("Yes.", 'No "x"', "Maybe.", 'Never"'),
    "opens in one cell and closes in the next": ('"Where is it', 'it is here"', "Where", "here"),
}


@pytest.mark.parametrize("name", PLAIN_QUOTES)
def test_quotes_of_tab_separated_text_are_characters(tmp_path: Path, name: str) -> None:
    a, b, c, d = PLAIN_QUOTES[name]
    rows = [("0", "one", "two", "0"), ("1", a, b, "1"), ("2", "three", "four", "0"), ("3", c, d, "1")]
    rows += [(str(n), f"more {n}", f"of it {n}", str(n % 2)) for n in range(4, 12)]
    table = read(tmp_path, tsv(rows))
    assert [tuple(row) for row in table.frame.to_numpy()] == rows
    assert (table.report.quote, NoteKind.QUOTE in kinds(table)) == ("", True) or name == "at the end"


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_cells_that_need_their_quotes_lose_them(tmp_path: Path, separator: str) -> None:
    rows = [("a\nb", 'say "hi"'), (f"c{separator}d", "e"), ("f", "g\n\nh")]
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows([("question", "answer"), *rows])
    table = read(tmp_path, out.getvalue())
    assert [tuple(row) for row in table.frame.to_numpy()] == rows
    assert (table.report.quote, kinds(table)) == ('"', [])


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('"a" b,c', ['"a" b', "c"]),
        ('c,"a" b', ["c", '"a" b']),
        ('"a" b,"c, d"', ['"a" b', "c, d"]),
        ('"a" ,b', ["a", "b"]),
        ('"say "hi", then go",b', ['say "hi", then go', "b"]),
        ('"a ""b"" c" d,e', ['"a ""b"" c" d', "e"]),
    ],
)
def test_text_after_a_closing_quote_keeps_the_quotes(tmp_path: Path, line: str, cells: list[str]) -> None:
    table = read(tmp_path, f'question,answer\n"x, y",z\n{line}\nu,v\n')
    assert table.frame.iloc[1].tolist() == cells
    assert table.report.notes[0].lines == (3,)
    assert table.lines.tolist() == [2, 3, 4]


def test_quotes_over_rows_of_a_csv_file_are_characters_when_nothing_is_enclosed(tmp_path: Path) -> None:
    table = read(tmp_path, 'question,answer\n"a,b\nc,d\n"e f,g\nh,i\n')
    assert table.frame["question"].tolist() == ['"a', "c", '"e f', "h"]
    assert kinds(table) == [NoteKind.QUOTE]


def test_a_chosen_quote_is_obeyed(tmp_path: Path) -> None:
    text = 'question,answer\n"a",b\n"c",d\n'
    assert read(tmp_path, text, quote="").frame["question"].tolist() == ['"a"', '"c"']
    with pytest.raises(InputError, match="line 3.*never closed"):
        read(tmp_path, 'question\tanswer\nx\ty\n"c\td\n', quote='"')


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("header", [True, False])
def test_single_quotes_enclose(tmp_path: Path, separator: str, header: bool) -> None:
    rows = [(f"Where is it{separator} number {n}?", f"It''s here{separator} at {n}.") for n in range(9)]
    lines = [f"'{q}'{separator}'{a}'" for q, a in rows]
    table = read(tmp_path, "\n".join(["question;answer".replace(";", separator)] * header + lines))
    assert [tuple(row) for row in table.frame.to_numpy()] == [(q, a.replace("''", "'")) for q, a in rows]
    assert (table.report.quote, table.report.header) == ("'", header)


def test_apostrophes_are_no_quotes(tmp_path: Path) -> None:
    table = read(tmp_path, "question,answer\n'tis late,it's true\nit isn't,'twas so\nrock 'n' roll,yes'\n")
    assert table.frame["question"].tolist() == ["'tis late", "it isn't", "rock 'n' roll"]


@pytest.mark.parametrize("separator", ["^", "~", "\x01", "\x1f", "¦", ":", " "])
def test_rare_separators(tmp_path: Path, separator: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL).writerows([("question", "answer"), *QA])
    table = read(tmp_path, out.getvalue())
    assert [tuple(row) for row in table.frame.to_numpy()] == QA


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC, csv.QUOTE_NONE])
@pytest.mark.parametrize("separator", [",", ";"])
def test_escapes(tmp_path: Path, quoting: int, separator: str) -> None:
    rows = [(f'say "hi", {n}; then', f'"{n}" is; one, two') for n in range(6)]
    out = io.StringIO()
    csv.writer(out, delimiter=separator, quoting=quoting, escapechar="\\", doublequote=False).writerows(  # type: ignore[call-overload]
        [("question", "answer"), *rows]
    )
    assert [tuple(row) for row in read(tmp_path, out.getvalue()).frame.to_numpy()] == rows


def test_a_blank_may_follow_the_separator(tmp_path: Path) -> None:
    table = read(tmp_path, 'question, answer\n"a, b", "c, d"\n"e", "f, g"\n')
    assert table.frame.to_numpy().tolist() == [["a, b", "c, d"], ["e", "f, g"]]
    assert list(table.frame.columns) == ["question", "answer"]


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "sep=;;;"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_the_separator_line_of_excel(tmp_path: Path, first: str, ending: str) -> None:
    table = read(tmp_path, ending.join([first, "question;answer", *(f"{q};{a}" for q, a in QA)]))
    assert [tuple(row) for row in table.frame.to_numpy()] == QA
    assert (table.lines[0], kinds(table)) == (3, [NoteKind.SEPARATOR])
    wide = read(tmp_path, "sep=\t\r\nquestion\tanswer\r\na\tb\r\n".encode("utf-16"))
    assert wide.frame.to_numpy().tolist() == [["a", "b"]]


def test_returns_inside_cells_are_characters(tmp_path: Path) -> None:
    table = read(tmp_path, 'question,answer\na\rb,c\n"d\re",f\ng,"h\r\ni"\n')
    assert table.frame.to_numpy().tolist() == [["a\rb", "c"], ["d\re", "f"], ["g", "h\r\ni"]]
    assert table.lines.tolist() == [2, 3, 4]


def test_returns_among_other_line_ends_end_rows(tmp_path: Path) -> None:
    table = read(tmp_path, "question,answer\na,b\rc,d\re,f\ng,h\n")
    assert table.frame.to_numpy().tolist() == [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]]
    old = read(tmp_path, 'question,answer\ra,"b\nc"\rd,e\r')
    assert old.frame.to_numpy().tolist() == [["a", "b\nc"], ["d", "e"]]


TITLES = {
    "a line": ["Service desk export, May"],
    "a line and a blank one": ["Service desk export", ""],
    "cells without text": ["Service desk export;;"],
    "facts": ["Report;FAQ export", "Date;2024-05-01", ""],
    "comments": ["# made by the desk; in May", "# do not change"],
}


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("header", ["No;Question;Answer", "nr;Frage der Kundin;Antwort", "id;text_left;text_right"])
def test_a_title_above_the_header_is_skipped_and_named(tmp_path: Path, title: str, header: str) -> None:
    lines = [*TITLES[title], header, *(f"{n};{q};{a}" for n, (q, a) in enumerate(QA))]
    table = read(tmp_path, "\n".join(lines))
    assert list(table.frame.columns) == header.split(";")
    assert table.frame.iloc[:, 1:].to_numpy().tolist() == [list(pair) for pair in QA]
    assert table.lines[0] == len(TITLES[title]) + 2
    assert kinds(table) == [NoteKind.SKIPPED]
    chosen = read(tmp_path, "\n".join(lines), skip=len(TITLES[title]))
    assert (list(chosen.frame.columns), chosen.lines[0]) == (header.split(";"), table.lines[0])


@pytest.mark.parametrize("header", ["Question;Answer", "Antwort;Frage"])
def test_facts_as_wide_as_the_table_are_no_header(tmp_path: Path, header: str) -> None:
    lines = ["Report:;FAQ", "Date:;2024-05-01", header, *(f"{q};{a}" for q, a in QA)]
    table = read(tmp_path, "\n".join(lines))
    assert list(table.frame.columns) == header.split(";")
    assert (len(table.frame), table.lines[0], kinds(table)) == (len(QA), 4, [NoteKind.SKIPPED])
    same = read(tmp_path, "\n".join([header, *(f"{q};{a}" for q, a in QA), header]))
    assert (len(same.frame), kinds(same)) == (len(QA) + 1, []), "a header that stands again below is a row"


def test_rows_to_skip_are_obeyed(tmp_path: Path) -> None:
    text = "question;answer\na;b\nc;d\ne;f\n"
    assert read(tmp_path, text, skip=1, header=False).frame.to_numpy().tolist() == [["a", "b"], ["c", "d"], ["e", "f"]]
    assert read(tmp_path, text, skip=0).lines.tolist() == [2, 3, 4]
    with pytest.raises(InputError, match="nothing below"):
        read(tmp_path, text, skip=9)


WITHOUT_HEADER = {
    "labels that come again": [
        (q, a, ("entailment", "neutral", "contradiction")[n % 3]) for n, (q, a) in enumerate(QA)
    ],
    "a class called question": [(q, ("question", "request")[n % 2]) for n, (q, _) in enumerate(QA)],
    "a class called duplicate": [(*qa, ("duplicate", "other")[n % 2]) for n, qa in enumerate(QA)],
    "a first word that names columns": [("question", "What somebody asks because he does not know it."), *QA],
    "numbers": [(*qa, str(n / 7)) for n, qa in enumerate(QA)],
    "addresses": [(f"https://example.org/{n}", f"page {n} of it") for n in range(12)],
    "mail": [("ada@example.org", "The lift is stuck."), ("bob@example.org", "The door is open.")] * 4,
    "texts that differ in their digits": [(f"case {n}", f"result {n}") for n in range(12)],
    "Chinese": [
        ("这个梯子应该怎么清洁才好呢", "用湿布擦拭然后让它自然晾干"),
        ("那台打印机在哪里登记的呢", "请把序列号发送到服务台去"),
    ]
    * 3,
}


@pytest.mark.parametrize("name", WITHOUT_HEADER)
def test_a_first_row_of_data_is_no_header(tmp_path: Path, name: str) -> None:
    rows = WITHOUT_HEADER[name]
    table = read(tmp_path, "\n".join("\t".join(row) for row in rows))
    assert (table.report.header, len(table.frame)) == (False, len(rows))


HEADERS = [
    "question\tanswer",
    "Frage\tAntwort",
    "src_text\ttgt_text",
    "Customer says\tWe reply",
    "\tanswer",
    "0\t1",
    "问题\t答案",
]


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_is_no_data(tmp_path: Path, header: str) -> None:
    table = read(tmp_path, header + "\n" + "\n".join("\t".join(row) for row in QA))
    assert (table.report.header, len(table.frame)) == (True, len(QA))


def test_a_header_without_the_name_of_the_row_names(tmp_path: Path) -> None:
    table = read(tmp_path, "question\tanswer\n" + "".join(f"{n}\t{q}\t{a}\n" for n, (q, a) in enumerate(QA)))
    assert list(table.frame.columns) == ["column 1", "question", "answer"]
    assert (table.frame["question"].tolist(), table.report.wrong_width) == ([q for q, _ in QA], [])


@pytest.mark.parametrize(
    "name", ["que\u200bstion", "\ufeffquestion", "question\xa0", " question\n", "\u2060question\u00ad"]
)
def test_names_are_shown_clean(tmp_path: Path, name: str) -> None:
    table = read(tmp_path, f'"{name}",answer\na,b\nc,d\n')
    assert list(table.frame.columns) == ["question", "answer"]


LISTS = {
    "json": '["a, b", "c"]',
    "python": "['a, b', \"c\"]",
    "python with an apostrophe": "[\"a, b\", 'c']",
    "numpy": "['a, b' 'c']",
    "numpy over lines": "['a, b'\n 'c']",
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_in_cells_are_unpacked(tmp_path: Path, name: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerows(
        [("query", "positive", "negatives"), ("q", "p", LISTS[name]), ("r", "s", "['d']"), ("t", "u", "")]
    )
    table = read(tmp_path, out.getvalue())
    assert list(table.frame.columns) == ["query", "positive", "negatives", "negatives_2"]
    assert table.frame.iloc[:, 2:].to_numpy().tolist() == [["a, b", "c"], ["d", ""], ["", ""]]
    assert kinds(table) == [NoteKind.UNPACKED]


def test_vectors_in_cells_are_left_out_and_brackets_are_texts(tmp_path: Path) -> None:
    table = read(tmp_path, "question;answer;embedding\n[cls];x;[0.1, 0.2]\n[sep] y;z;[0.3, 0.4]\n")
    assert list(table.frame.columns) == ["question", "answer"]
    assert table.frame["question"].tolist() == ["[cls]", "[sep] y"]
    assert kinds(table) == [NoteKind.COLUMNS]


TEXTS = {
    "sentences": (Q, A),
    "lists": ("One, two; three {n}, and four", "Yes, no, {n}; perhaps, and more"),
    "addresses": ("https://example.org/a?b={n}&c=d:e", "At 12:{n}, see http://x.y/z"),
    "lines": ("first {n}\nsecond, line", "one; two\n\nthree {n}"),
    "speech": ('He said "hi, {n}" to me', "it's {n} o'clock; don't"),
    "objects": ('x {{"a": {n}, "b": "x"}}', "see [1, 2, {n}]"),
    "Chinese": ("第{n}号梯子怎么清洁，用什么？", "用湿布擦拭；然后晾干{n}。"),
    "code": ("for (i = {n}; i < 9; i++) {{ f(a, b); }}", "x | y | grep '{n}' ; echo \"z\""),
}
QUOTINGS: dict[str, dict[str, object]] = {
    "where needed": {"quoting": csv.QUOTE_MINIMAL},
    "everywhere": {"quoting": csv.QUOTE_ALL},
    "single": {"quoting": csv.QUOTE_ALL, "quotechar": "'"},
    "escapes": {"quoting": csv.QUOTE_NONE, "escapechar": "\\"},
}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("quoting", QUOTINGS)
def test_every_separator_is_told_from_the_marks_of_texts(tmp_path: Path, text: str, quoting: str) -> None:
    rows = [tuple(one.format(n=n) for one in TEXTS[text]) for n in range(10, 35)]
    wrong = []
    for separator in (",", ";", "\t", "|", "^", "~"):
        for header in (True, False):
            out = io.StringIO()
            writer = csv.writer(out, delimiter=separator, lineterminator="\n", **QUOTINGS[quoting])  # type: ignore[arg-type]
            writer.writerows([("question", "answer")] * header + rows)
            if [tuple(row) for row in read(tmp_path, out.getvalue()).frame.to_numpy()] != rows:
                wrong.append((separator, header))
    assert wrong == []


def test_one_mark_in_each_row_is_no_separator(tmp_path: Path) -> None:
    rows = [(f"Where is it {n}?", f"Here, at {n}.") for n in range(9)]
    assert [tuple(row) for row in read(tmp_path, "".join(f"{q};{a}\n" for q, a in rows)).frame.to_numpy()] == rows


UNCERTAIN = {
    "two marks in each row": ([f"a{n},b;c{n},d" for n in range(9)], ";"),
    "decimal commas without a header": ([f"Frage {n};Antwort {n};0,{n}" for n in range(10, 30)], ","),
}


@pytest.mark.parametrize("name", UNCERTAIN)
def test_another_separator_that_fits_every_row_is_named(tmp_path: Path, name: str) -> None:
    rows, other = UNCERTAIN[name]
    table = read(tmp_path, "\n".join([*rows, ""]))
    assert [note.names for note in table.report.notes] == [(other,)]
    assert kinds(read(tmp_path, "\n".join([*rows, ""]), separator=table.report.separator)) == []


def test_decimal_commas_under_a_header_are_certain(tmp_path: Path) -> None:
    rows, _ = UNCERTAIN["decimal commas without a header"]
    assert kinds(read(tmp_path, "\n".join(["frage;antwort;wert", *rows]))) == []


def test_what_mysql_writes_is_read(tmp_path: Path) -> None:
    rows = [f"Where is it {n}\\\nand who, then?\tHere, {n}\\\tthere\t\\N" for n in range(9)]
    table = read(tmp_path, "\n".join(rows))
    assert table.frame.iloc[3].tolist() == ["Where is it 3\nand who, then?", "Here, 3\tthere", ""]


@pytest.mark.parametrize("word", ["#N/A", "#REF!", "#DIV/0!", "#NAME?", "#VALUE!", "#NV", "#¿NOMBRE?", "Err:502"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_errors_of_a_spreadsheet_are_empty_and_named(tmp_path: Path, word: str, separator: str) -> None:
    lines = ["question;answer", *(f"{q};{a}" for q, a in QA), f"What does {word} mean?;{word}", f"x;{word} or y"]
    table = read(tmp_path, "\n".join(lines).replace(";", separator))
    assert table.frame.iloc[12:].to_numpy().tolist() == [[f"What does {word} mean?", ""], ["x", f"{word} or y"]]
    assert [(note.kind, note.lines) for note in table.report.notes] == [(NoteKind.CELLS, (14,))]


def test_backslashes_that_end_cells_are_no_escapes(tmp_path: Path) -> None:
    rows = [(f"C:\\data\\{n}\\", f"folder {n}\\") for n in range(9)]
    text = "path,name\n" + "".join(f'"{a}","{b}"\n' for a, b in rows)
    assert [tuple(row) for row in read(tmp_path, text).frame.to_numpy()] == rows


TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufeff\\"), min_size=1, max_size=25
)
CELL = st.one_of(TEXT, st.builds("{}\n{}".format, TEXT, TEXT), st.builds('"{}" {}'.format, TEXT, TEXT))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(CELL, CELL, TEXT), min_size=4, max_size=12),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    ending=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_pandas_writes_is_read(
    tmp_path: Path, rows: list[tuple[str, ...]], separator: str, quoting: int, ending: str, encoding: str
) -> None:
    frame = pd.DataFrame(rows, columns=["question", "answer", "topic"])
    path = tmp_path / "x.csv"
    frame.to_csv(path, sep=separator, quoting=quoting, lineterminator=ending, encoding=encoding, index=False)  # type: ignore[call-overload]
    table = read_table(path)
    assert [tuple(row) for row in table.frame.to_numpy()] == rows
