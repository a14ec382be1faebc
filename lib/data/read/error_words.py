"""Words that a spreadsheet shows in place of a value: cells of them hold none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lib.data.normalisation import words
from lib.data.table import NoteKind, ReadNote
from lib.format import format_count

ERROR_WORDS = frozenset(
    words(
        "#N/A #REF! #VALUE! #DIV/0! #NAME? #NUM! #NULL! #SPILL! #CALC! #FIELD! #BLOCKED! #CONNECT! #UNKNOWN! #BUSY! #ERROR! "
        "#NV #BEZUG! #WERT! #ZAHL! #ÜBERLAUF! #VALEUR! #NOM? #NOMBRE! #NUL! #N/D #¡REF! #¡VALOR! #¡DIV/0! #¿NOMBRE? #¡NUM! "
        "#¡NULO! #RIF! #VALORE! #NOME? #NULLO! #VALOR! #NÚM! #NULO! #N/B #VERW! #WAARDE! #DEEL/0! #NAAM? #GETAL! #LEEG! "
        "#Н/Д #ССЫЛКА! #ЗНАЧ! #ДЕЛ/0! #ИМЯ? #ЧИСЛО! #ПУСТО! #N/D! #ADR! #ARG! #DZIEL/0! #NAZWA? #LICZBA! #ZERO! "
        "#YOK #BAŞV! #DEĞER! #SAYI/0! #AD? #SAYI! #BOŞ!"
    )
) | {f"Err:{number}" for number in range(501, 541)}
"""Those of Excel in English, German, French, Spanish, Italian, Portuguese, Dutch, Russian, Polish and Turkish, of Google
Sheets, and LibreOffice's numbers (https://help.libreoffice.org/latest/en-US/text/scalc/05/02140000.html)."""
MAX_ERROR_LINES = 5
"""Lines that a note names; the others are counted."""


def clear_error_words(rows: Sequence[list[str]], lines: Sequence[int]) -> list[ReadNote]:
    """Empty the cells that hold nothing but an error word, in place, and name them."""
    shown: Counter[str] = Counter()
    cleared: list[int] = []
    for row, line in zip(rows, lines, strict=True):
        if not ERROR_WORDS.isdisjoint(row):
            shown.update(cell for cell in row if cell in ERROR_WORDS)
            row[:] = ["" if cell in ERROR_WORDS else cell for cell in row]
            cleared.append(line)
    if not cleared:
        return []
    first = ", ".join(map(str, cleared[:MAX_ERROR_LINES])) + ", ..." * (len(cleared) > MAX_ERROR_LINES)
    what = f"{format_count(shown.total(), 'cell')} with an error of a spreadsheet in place of a value"
    each = ", ".join(word for word, _ in shown.most_common())
    text = f"{what} ({each}): read as empty ({'line' if len(cleared) == 1 else 'lines'} {first})."
    return [ReadNote(NoteKind.CELLS, text, lines=tuple(cleared))]
