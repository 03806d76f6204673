"""What decoding raises of bytes that somebody else wrote.

It stands apart from ``untrusted``, which ``surefoot --help`` imports: the library of structs is not loaded for that.
"""

import msgspec

UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""They have another form, are no UTF-8, or hold numbers of thousands of figures (each a ``ValueError``), or are nested
without end."""
