"""Addresses of servers as people write them: which there are, which host each names, and no secrets in them."""

import re
from urllib.parse import parse_qsl, urlsplit

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.untrusted import tame

SECRET = re.compile("key|token|secret|passw|credential|signature|^sig$", re.IGNORECASE)
"""Names of query parameters whose values nobody else may read."""


def servers_of(api_base: str | None) -> tuple[str, ...]:
    """The addresses in ``--api-base``, which are separated by commas."""
    return tuple(filter(None, (one.strip() for one in (api_base or "").split(","))))


def check_address(address: str) -> None:
    """Refuse an address that holds a secret, as addresses are kept in run directories, logs and reports.

    Raises:
        ConfigurationError: It has a user and a password, or a query parameter that is named like a secret. The
            message does not repeat it.
    """
    advice = "set the provider's key in the environment instead"
    try:
        parts = urlsplit(address)
        user = parts.username is not None or parts.password is not None
        named = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if SECRET.search(name)]
    except ValueError:
        raise ConfigurationError("--api-base has an address that cannot be read") from None
    if user or "@" in parts.netloc:
        raise ConfigurationError(f"--api-base may hold no user and no password, as run files would keep them: {advice}")
    if named:
        raise ConfigurationError(
            f"--api-base may hold no secret, as run files would keep it, and has {tame(named[0], 40)}: {advice}"
        )


def host_of(address: str) -> str:
    """Protocol, host and port of an address, in lower case: what an API key is bound to."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()
