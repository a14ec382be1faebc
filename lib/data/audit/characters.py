"""Checks on characters: invisible and control characters, wrongly decoded text, HTML."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from lib.data.audit.check import DROP, FIX, KEEP, AuditContext, Check, CheckResult
from lib.data.columns.mapping import Examples
from lib.data.normalisation import words
from lib.data.text_index import TextIndex

INVISIBLE_PATTERN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb]"
    # Joiners belong between letters of Persian, Hindi and others, and in emoji: only next to ASCII are they stray.
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
"""Control characters but tab and line ends, zero-width and direction marks, soft hyphen, BOM.

Controls are C0 and C1; direction marks include overrides.
"""

BROKEN_PATTERN = re.compile("\ufffd|Ã[\u0080-\u00bf]|â€[\u0080-\u00bf™œ“”˜¦]|Â[\u00a0-\u00bf]")
"""The replacement character, and UTF-8 that was decoded as windows-1252 (mojibake)."""

TAG_PATTERN = re.compile(
    r"</?(?:p|br|div|span|a|b|i|u|em|strong|ul|ol|li|h[1-6]|table|tr|td|th|thead|tbody|img|code|pre|blockquote|hr|font|sup|sub"
    r"|script|style|section|article|button|input|label|form|iframe|center|small)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
ENTITY_PATTERN = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|[a-z]{4,8}|#\d{2,6}|#x[0-9a-f]{2,5});", re.IGNORECASE)
BLOCK_TAGS = frozenset(words("p br div li ul ol tr table h1 h2 h3 h4 h5 h6 hr pre blockquote section article"))
HIDDEN_TAGS = frozenset(("script", "style"))


def escape_invisible(text: str) -> str:
    r"""Write every invisible character as its escape: \u200b."""
    return INVISIBLE_PATTERN.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def find_invisible(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag rows with an invisible character in a text."""
    return CheckResult(index.rows_where(lambda text: INVISIBLE_PATTERN.search(text) is not None))


def remove_invisible(index: TextIndex, context: AuditContext) -> Examples:
    """Remove every invisible character."""
    return index.map_texts(lambda text: INVISIBLE_PATTERN.sub("", text))


def find_broken(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag rows with text that was decoded with the wrong encoding."""
    return CheckResult(index.rows_where(lambda text: not text.isascii() and BROKEN_PATTERN.search(text) is not None))


def find_html(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag rows with HTML tags or character references."""
    return CheckResult(index.rows_where(has_html))


def has_html(text: str) -> bool:
    """Check whether the text holds a known tag or a character reference."""
    return ("<" in text and TAG_PATTERN.search(text) is not None) or (
        "&" in text and any(html.unescape(match) != match for match in ENTITY_PATTERN.findall(text))
    )


def strip_html(index: TextIndex, context: AuditContext) -> Examples:
    """Replace the texts that hold HTML by the text a browser would show."""
    return index.map_texts(lambda text: html_to_text(text) if has_html(text) else text)


def html_to_text(source: str) -> str:
    """Extract the text a browser would show, one line a block. Unknown tags stay: `<file>` is not HTML."""
    parser = _TextExtractor()
    parser.feed(source)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.pieces).splitlines())
    return "\n".join(line for line in lines if line)


class _TextExtractor(HTMLParser):
    """Collect the text outside known tags, and inside none that hide it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag(tag, self.get_starttag_text() or "", 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag(tag, self.get_starttag_text() or "", 0)

    def handle_endtag(self, tag: str) -> None:
        self._tag(tag, f"</{tag}>", -1)

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.pieces.append(data)

    def _tag(self, tag: str, source: str, step: int) -> None:
        if not TAG_PATTERN.fullmatch(source):
            self.pieces.append(source)
        elif tag in HIDDEN_TAGS:
            self.hidden = max(0, self.hidden + step)
        elif tag in BLOCK_TAGS:
            self.pieces.append("\n")


INVISIBLE_CHARACTERS = Check(
    "invisible_characters",
    "Control and invisible characters",
    "Zero-width, bidirectional and control characters can't be seen, but they change the tokens and make equal texts "
    "differ. They are shown here as escapes.",
    find_invisible,
    choices=(KEEP, DROP, FIX),
    fix=remove_invisible,
    fix_label="remove them",
)
BROKEN_CHARACTERS = Check(
    "broken_characters",
    "Broken characters",
    "Part of the text was decoded or saved with the wrong encoding (such as Ã¤ for ä). Choose another encoding above, or "
    "correct the cells.",
    find_broken,
)
HTML = Check(
    "html",
    "HTML tags and entities",
    "Tags and character references add noise unless your texts are about HTML.",
    find_html,
    choices=(KEEP, DROP, FIX),
    fix=strip_html,
    fix_label="keep only the text",
)
