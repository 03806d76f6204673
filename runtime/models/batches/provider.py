"""Asks a provider to take, show and list batches, and for their files: OpenAI's ``/v1/files`` and ``/v1/batches``.

LiteLLM's functions for batches make a client for each call, which nobody closes, and read whatever a server sends; so
the requests are made here, over transports that read within limits. LiteLLM says where the server is and which key it
takes. Providers whose batches have another form are refused by name.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final, TypeVar

from surefoot.runtime.errors import AccessLost, ConfigurationError, ModelUnavailable, QuotaUsedUp
from surefoot.runtime.models import litellm_setup
from surefoot.runtime.models.batches.lines import ENDPOINT
from surefoot.runtime.models.batches.results import BatchState, file_id_of, page_of, state_of
from surefoot.runtime.models.litellm_errors import Transient, clean, retry_after_s, speaks_of_quota
from surefoot.runtime.models.litellm_transport import (
    MOST,
    MOST_BYTES,
    BodyTooLarge,
    RedirectedElsewhere,
    file_transport,
)

T = TypeVar("T")

SHAPED: Final = ("openai", "hosted_vllm", "litellm_proxy")
"""LiteLLM's names of providers whose files and batches have OpenAI's form."""
OPENAI: Final = "https://api.openai.com/v1"
TOKEN: Final = "surefoot"
"""Name of the token in a batch's metadata."""
MOST_RESULTS: Final = 512 * 2**20
"""Bytes of the largest file of results that is read."""
MOST_PAGES: Final = 100
"""Pages of the list of batches that are looked through."""
PAGE: Final = 100
FILE_S: Final = 600.0
"""Seconds that sending or receiving a file may take."""
_GONE: Final = (404, 405, 501)


class Unknown(Exception):
    """The provider does not know what it is asked for, or has nothing of this kind."""


class Provider(ABC):
    """Takes batches of questions. Every method may raise ``Transient``, and what ``_failed`` names."""

    @abstractmethod
    async def send(self, content: bytes) -> str:
        """Send the file of a batch; return its id there."""

    @abstractmethod
    async def create(self, file: str, token: str, lines: int) -> BatchState:
        """Ask for the batch of a file that was sent."""

    @abstractmethod
    async def find(self, token: str, file: str) -> BatchState | None:
        """Look for a batch in the provider's list, by its token or its file.

        Raises:
            Unknown: It has no list.
        """

    @abstractmethod
    async def state(self, batch: str, lines: int) -> BatchState:
        """Say how far a batch is.

        Raises:
            Unknown: It knows no such batch.
        """

    @abstractmethod
    async def content(self, file: str) -> bytes:
        """Receive a file of results.

        Raises:
            Unknown: It has no such file.
        """

    @abstractmethod
    async def close(self) -> None:
        """Close the connections. Closing twice is fine."""


class OpenAIShaped(Provider):
    """A provider with OpenAI's form of files and batches.

    Args:
        name: The model, as people type it.
        base: Address up to ``/v1``.
        key: Sent with every request.
        timeout_s: Seconds that a request may take which sends or receives no file.
    """

    def __init__(self, name: str, base: str, key: str, timeout_s: float) -> None:
        import httpx

        self.name, self._timeout_s = name, timeout_s
        self._httpx = httpx
        transport = file_transport(encrypted=not base.startswith("http://"))
        headers = {"Authorization": f"Bearer {key}"}
        self._client = httpx.AsyncClient(base_url=base.rstrip("/"), headers=headers, transport=transport)

    async def send(self, content: bytes) -> str:
        """Send the file of a batch; return its id there."""
        file = {"file": ("questions.jsonl", content, "application/jsonl")}
        said = await self._made("POST", "/files", files=file, data={"purpose": "batch"}, timeout=FILE_S)
        return self._read(lambda: file_id_of(said))

    async def create(self, file: str, token: str, lines: int) -> BatchState:
        """Ask for the batch of a file that was sent."""
        asked = {"input_file_id": file, "endpoint": ENDPOINT, "completion_window": "24h", "metadata": {TOKEN: token}}
        # Servers that know the header answer a second request with what the first one made.
        said = await self._made("POST", "/batches", json=asked, headers={"Idempotency-Key": token})
        return self._read(lambda: state_of(said, lines))

    async def find(self, token: str, file: str) -> BatchState | None:
        """Look for a batch in the provider's list, by its token or its file."""
        after = ""
        for _ in range(MOST_PAGES):
            asked = {"limit": str(PAGE), **({"after": after} if after else {})}
            said = await self._made("GET", "/batches", params=asked)
            listed, after = self._read(lambda said=said: page_of(said))  # type: ignore[misc]
            for one in listed:
                if token in one.tokens or file == one.file:
                    return one.state
            if not after:
                return None
        raise Unknown(f"its list of batches has more than {MOST_PAGES} pages")

    async def state(self, batch: str, lines: int) -> BatchState:
        """Say how far a batch is."""
        said = await self._made("GET", f"/batches/{batch}")
        return self._read(lambda: state_of(said, lines))

    async def content(self, file: str) -> bytes:
        """Receive a file of results."""
        return await self._made("GET", f"/files/{file}/content", most=MOST_RESULTS, timeout=FILE_S)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _made(self, method: str, path: str, most: int = MOST_BYTES, **request: Any) -> bytes:
        """The body of a response that says 2xx, of so many bytes at most."""
        asked = {"timeout": self._timeout_s, "follow_redirects": False, "extensions": {MOST: most}, **request}
        try:
            response = await self._client.request(method, path, **asked)
        except (self._httpx.HTTPError, self._httpx.InvalidURL, BodyTooLarge, RedirectedElsewhere, ValueError) as error:
            raise Transient(clean(str(error)) or type(error).__name__) from None
        if 200 <= response.status_code < 300:
            return bytes(response.content)
        raise self._failed(response, f"{method} {path.partition('/batch_')[0]}")

    def _read(self, read: Callable[[], T]) -> T:
        """What an answer says, where it can be read."""
        try:
            return read()
        except ValueError as error:
            raise Transient(clean(f"an answer that is none: {error}")) from None

    def _failed(self, response: Any, what: str) -> Exception:
        """What an answer that is an error means: waited out, paused for, or that there is nothing of the kind."""
        status, text = response.status_code, clean(response.text) or "without a word"
        if status in _GONE:
            return Unknown(f"{what} answers {status}")
        line = f"{self.name}: {what} answers {status}: {text}"
        if status == 402 or (status == 429 and speaks_of_quota(text)):
            return QuotaUsedUp(line, model=self.name)
        if status in (401, 403):
            return AccessLost(line, model=self.name)
        if status in (408, 409, 425, 429) or status >= 500:
            error = ValueError(text)
            error.response = response  # type: ignore[attr-defined]
            return Transient(f"{what} answers {status}: {text}", retry_after_s(error), status == 429)
        return ModelUnavailable(line, model=self.name)


def provider_of(name: str, api_base: str | None, timeout_s: float) -> Provider:
    """Return where the batches of a model are asked for.

    Args:
        name: LiteLLM's name of the model.
        api_base: Address of its server; ``None`` for the provider's own.
        timeout_s: Seconds that a request may take.

    Raises:
        ConfigurationError: It takes no batches of this form.
    """
    if api_base is not None and "," in api_base:
        raise ConfigurationError("--batch asks one server: give --api-base one address")
    litellm = litellm_setup.load()
    _, provider, key, base = litellm_setup.resolve(litellm, name, api_base)
    if provider not in SHAPED:
        raise ConfigurationError(
            f"--batch speaks OpenAI's form of files and batches, and {provider} has another one or none: leave it out, "
            "or reach the model through a server that has it, with --api-base"
        )
    at = base or os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE") or OPENAI
    known = key or os.environ.get(f"{provider.upper()}_API_KEY", "")
    return OpenAIShaped(name, at, known or "none", timeout_s)
