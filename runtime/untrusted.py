"""Text that a model wrote, made fit to be kept and to be shown. What it says stays readable; nothing obeys it."""


def tame(text: str, limit: int = 200) -> str:
    """The first ``limit`` characters of a text, what is not printable written as ``\\\\x1b`` or ``\\\\ud800``."""
    return "".join(c if c.isprintable() else _written(ord(c)) for c in text[:limit])


def can_be_kept(text: str) -> bool:
    """Whether a text can be written in UTF-8: lone surrogates cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _written(code: int) -> str:
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
