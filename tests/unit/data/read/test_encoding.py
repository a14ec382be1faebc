"""Encodings are told apart by the words they make, and what cannot be read is named."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from lib.data.read.encoding import decode
from lib.data.read.options import ReadOptions
from lib.data.read.tables import read_table
from lib.data.table import NoteKind
from lib.errors import InputError

TEXTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Polish": (
        "Gdzie złożyć wniosek o dowód osobisty?;Wniosek można złożyć w dowolnym urzędzie gminy albo przez internet.",
        ("cp1250", "iso8859_2", "cp852"),
    ),
    "Czech": (
        "Jak dlouho trvá vyřízení občanského průkazu?;Obvykle třicet dní, příplatek se neplatí.",
        ("cp1250", "iso8859_2"),
    ),
    "Slovak": ("Ako dlho čaká človek na pas?;Väčšinou tridsať dní, môže to byť aj dlhšie.", ("cp1250", "iso8859_2")),
    "Hungarian": (
        "Mennyi idő alatt készül el az útlevél?;Általában húsz nap, de sürgősséggel gyorsabb is lehet. Őrült tűz.",
        ("cp1250", "iso8859_2"),
    ),
    "Romanian": (
        "Unde pot să depun cererea pentru paşaport?;La orice ghişeu din oraş, sau prin internet; taxă şi poză în format mic, staţia.",
        ("cp1250", "iso8859_2"),
    ),
    "Slovene": (
        "Kje lahko oddam vlogo za potni list?;Na vsaki upravni enoti, čakalna doba je običajno šest dni, žal.",
        ("cp1250",),
    ),
    "Croatian": (
        "Gdje mogu predati zahtjev za putovnicu?;U svakoj policijskoj postaji, čekanje je obično šest dana; možete i preko interneta.",
        ("cp1250", "iso8859_2"),
    ),
    "Turkish": (
        "Kimlik kartı başvurusu nerede yapılır?;Başvuru nüfus müdürlüğünde yapılır, ücret ödenir ve fotoğraf gerekir.",
        ("cp1254", "iso8859_9"),
    ),
    "Lithuanian": (
        "Kur galima pateikti prašymą dėl paso?;Prašymą galima pateikti bet kurioje įstaigoje arba internetu, už tai mokėti reikės.",
        ("cp1257", "iso8859_13"),
    ),
    "Latvian": (
        "Kur var iesniegt pieteikumu pasei?;Pieteikumu var iesniegt jebkurā nodaļā vai internetā, gaidīšanas laiks ir četras nedēļas.",
        ("cp1257", "iso8859_13"),
    ),
    "Estonian": (
        "Kuidas saab taotleda passi?;Taotluse võib esitada igas büroos või internetis, ooteaeg on tavaliselt kümme päeva.",
        ("cp1257", "cp1252"),
    ),
    "German": (
        "Wo kann ich den Reisepass beantragen?;Auf jeder Behörde, die Gebühr beträgt sechzig Euro, größere Mengen kosten mehr.",
        ("cp1252", "mac_roman", "cp850"),
    ),
    "French": (
        "Où puis-je déposer ma demande?;À la mairie, l'été comme l'hiver; le délai est généralement de trois semaines, cœur.",
        ("cp1252", "mac_roman", "iso8859_15"),
    ),
    "Spanish": (
        "¿Dónde puedo solicitar el pasaporte?;En cualquier oficina; mañana también está abierta, el corazón del año.",
        ("cp1252", "mac_roman"),
    ),
    "Portuguese": (
        "Onde posso pedir o passaporte?;Em qualquer repartição, não é preciso marcação; a situação é rápida.",
        ("cp1252",),
    ),
    "Danish": (
        "Hvor kan jeg søge om pas?;På borgerservice, det tager normalt ti dage, og så får du det på posten i æske.",
        ("cp1252",),
    ),
    "Icelandic": (
        "Hvar get ég sótt um vegabréf?;Hjá sýslumanni, það tekur venjulega tíu daga og þú færð það í pósti; maður.",
        ("cp1252",),
    ),
    "Swedish": (
        "Var kan jag ansöka om pass?;Hos polisen, väntetiden är två veckor och avgiften är låg för små barn.",
        ("cp1252",),
    ),
    "English": ("What is the café's menu – today’s?;It’s on the board, as naïve as that is.", ("cp1252",)),
    "Vietnamese": (
        "Tôi có thể nộp đơn xin cấp hộ chiếu ở đâu?;Bạn có thể nộp tại bất kỳ văn phòng nào hoặc qua mạng, thời gian chờ là mười ngày.",
        ("cp1258",),
    ),
    "Russian": (
        "Где можно подать заявление на паспорт?;В любом отделении или через интернет, обычно это занимает месяц.",
        ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic"),
    ),
    "Ukrainian": (
        "Де можна подати заяву на паспорт?;У будь-якому відділенні або через інтернет, це займає місяць, її їжа є.",
        ("cp1251", "koi8_u"),
    ),
    "Bulgarian": (
        "Къде може да се подаде заявление за паспорт?;Във всяко отделение или по интернет, обикновено отнема месец.",
        ("cp1251",),
    ),
    "Greek": (
        "Πού μπορώ να κάνω αίτηση για διαβατήριο;Σε κάθε γραφείο ή στο διαδίκτυο, η αναμονή είναι δέκα μέρες. Άλλα.",
        ("cp1253", "iso8859_7"),
    ),
    "Hebrew": ("איפה אפשר להגיש בקשה לדרכון?;בכל לשכה או באינטרנט, זה לוקח בדרך כלל עשרה ימים.", ("cp1255",)),
    "Arabic": (
        "أين يمكنني تقديم طلب جواز السفر؟;في أي مكتب أو عبر الإنترنت، وعادة ما يستغرق ذلك عشرة أيام.",
        ("cp1256",),
    ),
    "Thai": ("ฉันจะยื่นขอหนังสือเดินทางได้ที่ไหน?;ที่สำนักงานใดก็ได้หรือทางอินเทอร์เน็ต โดยปกติใช้เวลาสิบวัน", ("cp874",)),
    "Chinese": ("我在哪里可以申请护照？;在任何一个办事处或者网上都可以，通常需要十天左右。", ("gb18030",)),
    "Chinese (traditional)": ("我在哪裡可以申請護照？;在任何一個辦事處或者網上都可以，通常需要十天左右。", ("big5",)),
    "Japanese": (
        "パスポートはどこで申請できますか？;どの窓口でも、またはインターネットで申請できます。通常は十日かかります。",
        ("cp932", "euc_jp"),
    ),
    "Korean": (
        "여권은 어디에서 신청할 수 있나요?;어느 사무소에서나 또는 인터넷으로 신청할 수 있으며 보통 열흘이 걸립니다.",
        ("cp949",),
    ),
}
"""A question and its answer by language, and encodings of its files."""

CASES = [(name, encoding) for name, (_, encodings) in TEXTS.items() for encoding in encodings]


def encode(text: str, encoding: str) -> bytes:
    """Encode; windows-1258 has most Vietnamese letters as a letter and a tone mark."""
    if encoding != "cp1258":
        return text.encode(encoding)
    out = []
    for char in text:
        base, *marks = unicodedata.normalize("NFD", char)
        tones = [mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323"]
        shape = unicodedata.normalize("NFC", base + "".join(mark for mark in marks if mark not in tones))
        out.append(shape + "".join(tones))
    return "".join(out).encode(encoding)


@pytest.mark.parametrize(("language", "encoding"), CASES)
def test_words_decide_on_the_encoding(tmp_path: Path, language: str, encoding: str) -> None:
    question, answer = TEXTS[language][0].split(";", 1)
    path = tmp_path / "x.csv"
    path.write_bytes(encode(f"question\tanswer\n{question}\t{answer}\n", encoding))
    table = read_table(path)
    assert table.frame.to_numpy().tolist() == [[question, answer]]
    assert [note.kind for note in table.report.notes] == [NoteKind.ENCODING]
    "".encode(table.report.encoding)  # a name that can be chosen again


def test_western_words_without_a_sentence_are_western() -> None:
    words = "mañana;corazón\nniño;canción\nGröße;weiß\ncafé;naïve\n"
    assert decode(words.encode("cp1252")).text == words


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize(
    "text", ["q,a\nwhere,here\n", "вопрос,ответ\nГде это,Здесь рядом\n", "问题,答案\n在哪里,在这里\n"]
)
def test_wide_text_without_a_mark_is_read_and_named(encoding: str, text: str) -> None:
    decoded = decode(text.encode(encoding))
    assert (decoded.text, decoded.encoding) == (text, encoding)
    assert [note.names for note in decoded.notes] == [(encoding,)]


def test_wide_text_that_is_cut_off_is_called_so() -> None:
    with pytest.raises(InputError, match="UTF-16 without"):
        decode("вопрос,ответ\nГде это,Здесь рядом\n".encode("utf-16-le")[:-1])


def test_odd_lines_are_decoded_by_their_own_words() -> None:
    good = "".join(f"Pytanie {n} złożone,Odpowiedź {n}\n" for n in range(9)).encode()
    odd = "Gdzie złożyć wniosek o dowód?,Można go złożyć w urzędzie.\n"
    decoded = decode(good + odd.encode("cp1250") + good)
    assert decoded.odd_lines == [10]
    assert odd in decoded.text
    marked = decode(b"\xef\xbb\xbf" + good + odd.encode("cp1250"))
    assert marked.odd_lines == [10]


def test_two_byte_text_is_no_mixture() -> None:
    """A line of GB 18030 that is valid UTF-8 by accident does not make the rest windows-1252."""
    text = "联通\n" + TEXTS["Chinese"][0] * 3 + "\n" + TEXTS["Chinese"][0] + "\n"
    assert decode(text.encode("gb18030")).text == text


@pytest.mark.parametrize(
    "name", ["undefined", "punycode", "unicode_escape", "raw_unicode_escape", "utf-7", "idna", "rot13", "klingon"]
)
def test_codecs_that_are_no_encoding_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"question,answer\n\\ud800,b\n")
    with pytest.raises(InputError, match="Unknown encoding"):
        read_table(path, options=ReadOptions(encoding=name))


def test_a_letter_that_a_line_end_splits_is_no_wide_text() -> None:
    """charset-normalizer takes the two halves of it for UTF-16, which no single line can be."""
    hebrew = b"\xd7\xa9\xd7\xa1\xd8\xad\xd8\xa8\xd8\xa7\n"
    data = (
        b"question,answer\n\xf0\n\x9f\x98\x80,\xd9\x85" + b"\xd8\xa1" + hebrew[4:] + hebrew * 6 + "שלום,你好\n".encode()
    )
    decoded = decode(data)
    assert decoded.odd_lines == [2, 3]
    assert decoded.text.endswith("שלום,你好\n")
