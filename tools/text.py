"""Text out of a cluster is hostile: made inert here, before a person or a model sees it."""

import re
import unicodedata

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movement
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC, DCS, SOS, PM, APC with what they carry: titles, links, clipboard
    r"|\x9b[0-?]*[ -/]*[@-~]"  # CSI as one C1 character
    r"|[\x90\x98\x9d\x9e\x9f].*?(?:\x07|\x9c|$)"
    r"|\x1b[ -/]*[0-~]?",  # everything else an escape starts
    re.MULTILINE,  # what is not ended ends with its line: one stray byte must not hide the rest of a log
)
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"  # zero width, bidi, variation
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # of shorthand and of music
    "\ud800-\udfff\U000e0000-\U000e0fff]"  # lone surrogates, tags
)
_PLAIN = re.compile(r"[ -~]*\Z")
_SPACE = re.compile(r"\s+")


def clean(text: str, limit: int = 400, *, multiline: bool = False) -> str:
    """Return text that a terminal shows as it is: no escapes, control, bidi or invisible characters; NFC.

    Args:
        text: anything, from anywhere.
        limit: characters kept; a longer text ends in an ellipsis.
        multiline: keep line ends (as `\\n`) and tabs; otherwise runs of white space become one space.

    """
    if not _PLAIN.match(text):
        text = _inert(text)
    if multiline:
        shown = text
    else:
        shown = text if "  " not in text and text.isprintable() else _SPACE.sub(" ", text)
        shown = shown.strip()
    return shown if len(shown) <= limit else shown[: max(limit - 1, 0)] + "…"


def _inert(text: str) -> str:
    text = _BREAKS.sub("\n", text)
    text = _HIDDEN.sub("", _ESCAPES.sub("", text))
    return unicodedata.normalize("NFC", text)
