"""Odd and hostile files, made here one by one: each with its rows or the message it must give."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as parquet

TWO = b"question,answer\nwhere,here\nwhen,now\n"


def xlsx(rows: list[list[object]], *, sheets: tuple[str, ...] = ("One",)) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * 300_000_000)
    return out.getvalue()


def parquet_bytes(table: pa.Table) -> bytes:
    out = io.BytesIO()
    parquet.write_table(table, out)
    return out.getvalue()


def arrow_bytes(table: pa.Table, *, stream: bool = False, compression: str | None = None) -> bytes:
    out = io.BytesIO()
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(out, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table)
    return out.getvalue()


def wild_offsets() -> bytes:
    """An Arrow file whose second text would end a gigabyte behind its buffer."""
    data = arrow_bytes(pa.table({"a": ["xxx", "yyyyy"], "b": ["p", "q"]}))
    return data.replace(struct.pack("<3i", 0, 3, 8), struct.pack("<3i", 0, 3, 1 << 30), 1)


def jsonl(*items: object) -> bytes:
    return "\n".join(json.dumps(item) for item in items).encode()


READS: dict[str, tuple[bytes, list[str], int]] = {
    "plain": (TWO, ["question", "answer"], 2),
    "windows lines": (TWO.replace(b"\n", b"\r\n"), ["question", "answer"], 2),
    "old mac lines": (TWO.replace(b"\n", b"\r"), ["question", "answer"], 2),
    "no last newline": (TWO[:-1], ["question", "answer"], 2),
    "bom": (b"\xef\xbb\xbf" + TWO, ["question", "answer"], 2),
    "utf-16": (TWO.decode().encode("utf-16"), ["question", "answer"], 2),
    "utf-16 without bom": (TWO.decode().encode("utf-16-le"), ["question", "answer"], 2),
    "utf-32": (TWO.decode().encode("utf-32"), ["question", "answer"], 2),
    "windows-1252": ("question,answer\nGrüße,schöne Äpfel\nweiß,größer\n".encode("cp1252"), ["question", "answer"], 2),
    "tabs": (TWO.replace(b",", b"\t"), ["question", "answer"], 2),
    "semicolons": (TWO.replace(b",", b";"), ["question", "answer"], 2),
    "pipes": (TWO.replace(b",", b"|"), ["question", "answer"], 2),
    "commas inside semicolons": (b"question;answer\na, b, c;d, e\nf, g;h, i, j\n", ["question", "answer"], 2),
    "quoted newlines": (b'question,answer\n"a\nb","c\nd"\ne,f\n', ["question", "answer"], 2),
    "doubled quotes": (b'question,answer\n"say ""hi""",x\ny,z\n', ["question", "answer"], 2),
    "quote inside a word": (b'question,answer\n5" pipe,x\ny,z\n', ["question", "answer"], 2),
    "blank lines": (b"question,answer\n\na,b\n\n\nc,d\n", ["question", "answer"], 2),
    "padded header": (b" question , answer \na,b\nc,d\n", ["question", "answer"], 2),
    "nameless first column": (b",question,answer\n0,a,b\n1,c,d\n", ["column 1", "question", "answer"], 2),
    "no header": (
        b"how long is the river in the north,it is very long and cold\nwho lives there,nobody does\n",
        ["column 1", "column 2"],
        2,
    ),
    "short rows": (b"question,answer,more\na,b,c\nd,e\n", ["question", "answer", "more"], 2),
    "long rows": (b"question,answer\na,b\nc,d,e,f\n", ["question", "answer"], 2),
    "na words stay": (b"question,answer\nNA,null\nnan,None\n", ["question", "answer"], 2),
    "emoji and arabic": ("question,answer\n😀,مرحبا\nשלום,你好\n".encode(), ["question", "answer"], 2),
    "formulas stay text": (b"question,answer\n=1+1,@SUM(A1)\n-2,+3\n", ["question", "answer"], 2),
    "gzip": (gzip.compress(TWO), ["question", "answer"], 2),
    "xlsx": (xlsx([["question", "answer"], ["a", "b"], [1.0, None], ["c", True]]), ["question", "answer"], 3),
    "xlsx with empty rows": (xlsx([["question", "answer"], [None, None], ["a", "b"]]), ["question", "answer"], 1),
    "json list": (json.dumps([{"question": "a", "answer": "b"}]).encode(), ["question", "answer"], 1),
    "json columns": (json.dumps({"question": ["a", "c"], "answer": ["b", "d"]}).encode(), ["question", "answer"], 2),
    "json wrapped": (json.dumps({"data": [{"question": "a", "answer": "b"}]}).encode(), ["question", "answer"], 1),
    "json lists": (json.dumps([["a", "b"], ["c", "d"]]).encode(), ["column 1", "column 2"], 2),
    "json lines": (
        jsonl({"question": "a", "answer": "b"}, {"question": "c", "answer": None}),
        ["question", "answer"],
        2,
    ),
    "json lines with gaps": (jsonl({"q": "a", "a": "b"}) + b"\n\n" + jsonl({"q": "c", "x": "d"}), ["q", "a", "x"], 2),
    "json negatives": (
        jsonl({"anchor": "a", "positive": "b", "negative": ["c", "d"]}),
        ["anchor", "positive", "negative", "negative_2"],
        1,
    ),
    "json lines with line separators in texts": (
        '{"q": "a\u2028b", "a": "c\x85d"}\r\n{"q": "e", "a": "f"}\r\n'.encode(),
        ["q", "a"],
        2,
    ),
    "gzipped json lines": (gzip.compress(jsonl({"q": "a", "a": "b"})), ["q", "a"], 1),
    "parquet": (parquet_bytes(pa.table({"question": ["a", "b"], "answer": ["c", None]})), ["question", "answer"], 2),
    "arrow": (arrow_bytes(pa.table({"question": ["a", "b"], "answer": ["c", None]})), ["question", "answer"], 2),
    "arrow, compressed": (
        arrow_bytes(pa.table({"question": ["a", "b"], "label": [1.0, 2.5]}), compression="zstd"),
        ["question", "label"],
        2,
    ),
    "arrow stream": (
        arrow_bytes(pa.table({"question": ["a"], "answer": pa.array(["c"]).dictionary_encode()}), stream=True),
        ["question", "answer"],
        1,
    ),
}

REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "only white space": (b" \n\n \t\n", "empty"),
    "only a bom": (b"\xef\xbb\xbf", "empty"),
    "empty gzip": (gzip.compress(b""), "empty"),
    "header only": (b"question,answer\n", "line 2.*no row"),
    "one column": (b"question\na\nb\n", "line 1.*only one column"),
    "200,000 columns": (b",".join(b"c%d" % n for n in range(200_000)) + b"\na,b\n", "200,000 columns; 1,000"),
    "100 MB single line": (b"x" * 100_000_000, "line 1.*1,000,000 characters"),
    "100 MB quoted cell": (b'question,answer\na,"' + b"x" * 100_000_000 + b'"\n', "line 2"),
    "nul byte": (b"question,answer\na,b\nc,d\0e\n", "line 3.*NUL"),
    "unclosed quote": (b'question,answer\na,b\n"c,d\ne,f\n', "line 3.*never closed"),
    "unclosed quote after newlines": (b'question,answer\n"a\nb",c\nd,"e\nf,g\n', "line 4.*never closed"),
    "unclosed quote before other quotes": (
        b'question,answer\na,b\n"c,d\ne,f\n"g","h"\ni,j\n',
        "line 3.*never closed.*line 5",
    ),
    "unclosed quote in the second cell": (b'question,answer\na,"b\nc,d\n"e","f"\ng,h\n', "line 2.*never closed"),
    "half a character": (b'[{"q": "a", "a": "b"},\n {"q": "\\ud800", "a": "b"}]', "2.*half a character"),
    "duplicate header": (b"text,text\na,b\n", "2 columns are called"),
    "png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "PNG picture"),
    "jpeg": (b"\xff\xd8\xff\xe0" + b"\0" * 50, "JPEG picture"),
    "gif": (b"GIF89a" + b"\0" * 50, "GIF picture"),
    "pdf": (b"%PDF-1.7\n", "PDF document"),
    "program": (b"\x7fELF" + b"\0" * 50, "program"),
    "sqlite": (b"SQLite format 3\0", "SQLite"),
    "pickle": (b"\x80\x04\x95\x10", "pickle"),
    "zip": (b"PK\x03\x04" + b"\0" * 50, "ZIP archive"),
    "7z": (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    "zstd": (b"\x28\xb5\x2f\xfd", "zstd"),
    "old or locked excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 50, "password"),
    "zip bomb": (bomb(), "would unpack"),
    "broken xlsx": (xlsx([["a", "b"]])[:400] + b"xl/", "damaged"),
    "empty xlsx": (xlsx([[]]), "no filled cells"),
    "header-only xlsx": (xlsx([["question", "answer"]]), "no row"),
    "truncated gzip": (gzip.compress(TWO * 50)[:-12], "cut off"),
    "damaged gzip": (gzip.compress(TWO)[:12] + b"\xff\xff" + gzip.compress(TWO)[14:], "damaged|cut off"),
    "json value": (b"[1, 2, 3]", "item 1.*int"),
    "empty json list": (b"[]", "no rows"),
    "broken json": (b'[{"a": 1},\n {"b": }]', "line 2.*not valid JSON"),
    "broken json line": (b'{"a": "x", "b": "y"}\n{"a": "x"', "line 2.*not valid JSON"),
    "nested json": (
        jsonl({"a": "x", "b": "y"}, {"a": {"deep": 1}, "b": "y"}),
        "line 2.*nested|nested.*line 2|“a” is nested",
    ),
    "uneven json columns": (json.dumps({"a": ["x"], "b": ["y", "z"]}).encode(), "different lengths"),
    "nested parquet": (parquet_bytes(pa.table({"a": ["x"], "b": [[1, 2]]})), "“b” is nested"),
    "cut parquet": (parquet_bytes(pa.table({"a": ["x"], "b": ["y"]}))[:-20], "damaged"),
    "empty parquet": (
        parquet_bytes(pa.table({"a": pa.array([], pa.string()), "b": pa.array([], pa.string())})),
        "no rows",
    ),
    "nested arrow": (arrow_bytes(pa.table({"a": ["x"], "b": [[1, 2]]})), "“b” is nested"),
    "cut arrow": (arrow_bytes(pa.table({"a": ["x"], "b": ["y"]}))[:-20], "damaged"),
    "cut arrow stream": (arrow_bytes(pa.table({"a": ["x" * 999], "b": ["y"]}), stream=True)[:400], "damaged"),
    "offsets beyond the arrow file": (wild_offsets(), "damaged"),
    "empty arrow": (
        arrow_bytes(pa.table({"a": pa.array([], pa.string()), "b": pa.array([], pa.string())})),
        "no rows",
    ),
    "old feather": (b"FEA1" + b"\0" * 50, "Feather"),
    "html": (b"<!DOCTYPE html><html><body><p>x</p></body></html>", "HTML"),
    "xml with entities": (b'<!DOCTYPE x [<!ENTITY a "b">]><root><r><a>&a;</a></r></root>', "XML"),
    "xml": (b"<root><row><q>a</q><a>b</a></row><row><q>c</q><a>d</a></row></root>", "XML"),
}


def workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    """Build an XLSX file of sheets with the given rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def zipped_bytes(files: dict[str, bytes]) -> bytes:
    """Pack files in a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


PAIRS = [
    (f"Where is the {word} kept?", f"The {word} is on shelf {n}.")
    for n, word in enumerate(("ladder", "anchor", "mixer", "boiler"))
]
NAMES = ["question", "answer"]


def text(
    *rows: tuple[str, ...], separator: str = ",", ending: str = "\n", names: tuple[str, ...] = ("question", "answer")
) -> str:
    """Join cells that need no quotes."""
    return "".join(separator.join(row) + ending for row in ((names,) if names else ()) + rows)


POLISH = [
    ("Gdzie złożyć wniosek?", "Wniosek można złożyć w urzędzie."),
    ("Jak długo to trwa?", "Zwykle trzydzieści dni, żaden później."),
]
TURKISH = [
    ("Başvuru nerede yapılır?", "Başvuru her şubede yapılır, ücret değişmez."),
    ("Ne kadar sürer?", "Genellikle on gün içinde çıkar, için."),
]
LITHUANIAN = [
    ("Kur pateikti prašymą?", "Prašymą galima pateikti įstaigoje, už tai mokėti reikės."),
    ("Kiek tai užtruks?", "Paprastai dešimt dienų, būna ilgiau."),
]
RUSSIAN = [
    ("Где подать заявление?", "В любом отделении или через интернет."),
    ("Сколько это займёт?", "Обычно это занимает месяц."),
]
JAPANESE = [
    ("どこで申請できますか。", "どの窓口でも申請できます。"),
    ("いつまでかかりますか。", "通常は十日かかります。"),
]
GREEK = [
    ("Πού μπορώ να κάνω αίτηση;", "Σε κάθε γραφείο ή στο διαδίκτυο."),
    ("Πόσο διαρκεί;", "Η αναμονή είναι δέκα μέρες."),
]


def paired(rows: list[tuple[str, str]], encoding: str) -> tuple[bytes, list[str], int]:
    return text(*rows, separator="\t").encode(encoding), NAMES, len(rows)


READS |= {
    "polish in windows-1250": paired(POLISH, "cp1250"),
    "polish in iso-8859-2": paired(POLISH, "iso8859_2"),
    "turkish in windows-1254": paired(TURKISH, "cp1254"),
    "lithuanian in windows-1257": paired(LITHUANIAN, "cp1257"),
    "russian in windows-1251": paired(RUSSIAN, "cp1251"),
    "russian in koi8-r": paired(RUSSIAN, "koi8_r"),
    "russian in utf-16 without a mark": paired(RUSSIAN, "utf-16-be"),
    "japanese in shift_jis": paired(JAPANESE, "cp932"),
    "japanese in euc-jp": paired(JAPANESE, "euc_jp"),
    "greek in windows-1253": paired(GREEK, "cp1253"),
    "one line in windows-1252 among utf-8": (
        text(*(("Größe", "weiß"),) * 9).encode() + "Grün,schön\n".encode("cp1252"),
        NAMES,
        10,
    ),
    "returns between rows, a line end inside a cell": (b'question,answer\ra,"b\nc"\rd,e\r', NAMES, 2),
    "mixed line ends": (b"question,answer\r\na,b\nc,d\r\n", NAMES, 2),
    "sep line": (b"sep=;\nquestion;answer\na;b\n", NAMES, 1),
    "sep line of a pipe": (b"sep=|\r\nquestion|answer\r\na|b\r\n", NAMES, 1),
    "sep line of a caret": (b"sep=^\nquestion^answer\na^b\n", NAMES, 1),
    "sep line of a blank": (b'sep= \nquestion answer\n"a b" "c d"\n', NAMES, 1),
    "sep line in utf-16": ("sep=\t\r\nquestion\tanswer\r\na\tb\r\n".encode("utf-16"), NAMES, 1),
    "sep line behind a bom": (b"\xef\xbb\xbfsep=,\nquestion,answer\na,b\n", NAMES, 1),
    "quotes as characters in tabs": (b'question\tanswer\n"a b\tc"\nd"\t"e\nf\tg\n', NAMES, 3),
    "a quote that opens in each of two rows": (b'question,answer\n"a,b\nc,d\n"e,f\n', NAMES, 3),
    "text behind a closing quote": (b'question,answer\n"a" b,c\nd,e\n', NAMES, 2),
    "single quotes": (b"question;answer\n'a; b';'c'\n'd';'e; f'\n", NAMES, 2),
    "single quotes without a header": (
        b"'Where; is it now?';'It is here; under it.'\n'Who?';'Nobody; or all.'\n",
        ["column 1", "column 2"],
        2,
    ),
    "escapes": (b'question,answer\n"say \\"hi\\"",x\n"say \\"ho\\", then",z\n', NAMES, 2),
    "blank behind separators": (b'question, answer\n"a, b", "c"\n"d", "e, f"\n', NAMES, 2),
    "ragged rows": (b"question,answer,source\na,b\nc,d,e\nf,g,h,i\nj\n", ["question", "answer", "source"], 4),
    "trailing separators": (b"question,answer,\na,b,\nc,d,\n", ["question", "answer", "column 3"], 2),
    "title above": (b"Service desk of May\nquestion,answer\na,b\nc,d\n", NAMES, 2),
    "title and a blank line above": (b"Service desk of May\n\nquestion,answer\na,b\nc,d\n", NAMES, 2),
    "comments above": (b"# made by the desk\n# in May\nquestion,answer\na,b\nc,d\n", NAMES, 2),
    "header words as data": (text(*PAIRS, ("question", "answer")).encode(), NAMES, 5),
    "a class called question": (
        b"Where is it kept now?\tquestion\nGive it to me at once.\trequest\n" * 5,
        ["column 1", "column 2"],
        10,
    ),
    "addresses without a header": (
        text(*((f"https://example.org/{n}", f"page {n} of it") for n in range(5)), names=()).encode(),
        ["column 1", "column 2"],
        5,
    ),
    "names in german": (text(*PAIRS, names=("Frage", "Antwort")).encode(), ["Frage", "Antwort"], 4),
    "names in chinese": (text(*PAIRS, names=("问题", "答案")).encode(), ["问题", "答案"], 4),
    "names with blanks that do not break": ("ques\u200btion\xa0,\ufeffanswer\na,b\n".encode(), NAMES, 1),
    "row numbers of R": (b"question,answer\n1,a,b\n2,c,d\n3,e,f\n", ["column 1", "question", "answer"], 3),
    "an index of pandas": (b"Unnamed: 0,question,answer\n0,a,b\n1,c,d\n", ["Unnamed: 0", "question", "answer"], 2),
    "a list in cells": (
        b"anchor,positive,negatives\na,b,\"['c', 'd']\"\ne,f,\"['g']\"\n",
        ["anchor", "positive", "negatives", "negatives_2"],
        2,
    ),
    "a vector in cells": (b'question,answer,vector\na,b,"[0.1, 0.2]"\nc,d,"[0.3, 0.4]"\n', NAMES, 2),
    "carets": (text(*PAIRS * 3, separator="^").encode(), NAMES, 12),
    "a unit separator": (text(*PAIRS * 3, separator="\x1f").encode(), NAMES, 12),
    "xlsx with a cover": (workbook({"Cover": [["About"], ["us"]], "Data": [NAMES, ["a", "b"]]}), NAMES, 1),
    "xlsx with two tables": (workbook({"train": [NAMES, ["a", "b"]], "test": [NAMES, ["c", "d"]]}), NAMES, 1),
    "xlsx with a title": (workbook({"One": [["Of May"], [], NAMES, ["a", "b"], ["c", "d"]]}), NAMES, 2),
    "xlsx with a list in cells": (
        workbook({"One": [["anchor", "positive", "negatives"], ["a", "b", '["c", "d"]']]}),
        ["anchor", "positive", "negatives", "negatives_2"],
        1,
    ),
    "xlsx with names that are not clean": (workbook({"One": [[" question\n", "ans\u200bwer"], ["a", "b"]]}), NAMES, 1),
    "json with names that are not clean": (jsonl({" question": "a", "ans\u200bwer": "b"}), NAMES, 1),
    "parquet with names that are not clean": (
        parquet_bytes(pa.table({"question ": ["a"], "\ufeffanswer": ["b"]})),
        NAMES,
        1,
    ),
    "json with a list as text": (
        jsonl({"anchor": "a", "positive": "b", "negatives": "['c', 'd']"}),
        ["anchor", "positive", "negatives", "negatives_2"],
        1,
    ),
    "parquet with nested columns": (
        parquet_bytes(
            pa.table(
                {"question": ["a"], "answer": ["b"], "spans": [[{"start": 1}]], "vector": [[0.5]], "meta": [{"k": 1}]}
            )
        ),
        NAMES,
        1,
    ),
    "parquet with a list of texts": (
        parquet_bytes(pa.table({"anchor": ["a"], "positive": ["b"], "negatives": [["c", "d"]]})),
        ["anchor", "positive", "negatives", "negatives_2"],
        1,
    ),
    "parquet with texts as bytes": (
        parquet_bytes(pa.table({"question": pa.array([b"a"], pa.binary()), "answer": ["b"]})),
        NAMES,
        1,
    ),
    "json in utf-16": (json.dumps([{"question": "a", "answer": "b"}]).encode("utf-16"), NAMES, 1),
    "json with a bom": (b"\xef\xbb\xbf" + json.dumps([{"question": "a", "answer": "b"}]).encode(), NAMES, 1),
    "json with NaN": (b'[{"question": "a", "answer": "b", "score": NaN}]', [*NAMES, "score"], 1),
    "gzipped xlsx": (gzip.compress(xlsx([NAMES, ["a", "b"]])), NAMES, 1),
}

REFUSED |= {
    "utf-16 without a mark, cut off": (text(*RUSSIAN).encode("utf-16-le")[:-1], "UTF-16 without"),
    "sep line and nothing else": (b"sep=;\n", "nothing below|empty"),
    "a title and nothing else": (b"Service desk of May\n", "no row|one column"),
    "quotes that close nowhere, enclosed elsewhere": (b'question,answer\n"a","b"\n"c,d\n"e","f"\n', "never closed"),
    "two names that differ in invisible characters": ("text,te\u200bxt\na,b\n".encode(), "2 columns are called"),
    "two names of xlsx": (workbook({"One": [["text", "text "], ["a", "b"]]}), "2 columns are called"),
    "two names of json that look alike": (jsonl({"text": "a", "text ": "b"}), "2 columns are called"),
    "one column of xlsx": (workbook({"One": [["question"], ["a"], ["b"]]}), "only one column"),
    "xlsx of empty sheets": (workbook({"One": [], "Two": []}), "no filled cells"),
    "xlsx cut off": (workbook({"One": [NAMES, ["a", "b"]]})[:-300], "cut off|damaged"),
    "zip of pictures": (zipped_bytes({"a.png": b"\x89PNG", "b.png": b"\x89PNG"}), "no table"),
    "zip in a zip": (zipped_bytes({"a.csv": zipped_bytes({"b.csv": TWO})}), "ZIP archive in another"),
    "zip of an empty file": (zipped_bytes({"a.csv": b""}), "empty"),
    "zip of a damaged parquet": (zipped_bytes({"a.parquet": b"PAR1" + b"\0" * 99}), "damaged"),
    "parquet of vectors only": (
        parquet_bytes(pa.table({"vector": [[0.5, 0.1]], "ids": [[1, 2]]})),
        "no columns of text",
    ),
    "parquet of zeros": (b"PAR1" + b"\0" * 200 + b"PAR1", "damaged"),
    "arrow of zeros": (b"ARROW1\0\0" + b"\0" * 200 + b"ARROW1", "damaged"),
    "json cut off": (json.dumps([{"question": "a", "answer": "b"}] * 9).encode()[:-30], "not valid JSON"),
    "json far too deep": (b"[" * 100_000, "not valid JSON|too deep"),
    "json of numbers in lists": (json.dumps([[n, 70 + n] for n in range(18)]).encode(), "no text|ids or numbers"),
    "json lines with a list among objects": (jsonl({"a": "x", "b": "y"}, ["x", "y"]), "line 2"),
    "ids only": (b"qid\tpid\n" + b"".join(b"%d\t%d\n" % (n, 7000 + n) for n in range(30)), "no text"),
    "ids of triples": (b"".join(b"%d\t%d\t%d\n" % (n, 7000 + n, 8000 + n) for n in range(30)), "MS MARCO"),
    "a bzip2 archive": (b"BZh91AY&SY" + b"\0" * 40, "bzip2"),
    "an open document": (
        zipped_bytes({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "META-INF/manifest.xml": b""}),
        "OpenDocument",
    ),
}
