"""Loads LiteLLM, and says before anything starts what is wrong with a name, a key, an address or a price.

LiteLLM is imported at first use: it takes seconds. Everything in it that reaches out or prints unasked is off.
"""

import asyncio
import logging
import os
import re
import warnings
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import stamina

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models.litellm_errors import clean
from surefoot.runtime.models.litellm_transport import FACTORIES, bound_transports


def load() -> Any:
    """Import litellm with everything off that reaches out or prints unasked. Cheap the second time."""
    for what in ("MODEL_COST_MAP", "ANTHROPIC_BETA_HEADERS", "BLOG_POSTS"):
        os.environ.setdefault(f"LITELLM_LOCAL_{what}", "True")
    os.environ.setdefault("LITELLM_DISABLE_BUG_REPORT_LINK", "true")
    # pydantic about openai's types, whenever LiteLLM comes to import them.
    warnings.filterwarnings("ignore", "Items? '.*' on TypedDict class", UserWarning)
    # pydantic about replies of another form than OpenAI's; what is wrong with them is said where they are read.
    warnings.filterwarnings("ignore", "Pydantic serializer warnings", UserWarning)
    # A call that is cancelled while LiteLLM prepares it in a thread leaves a coroutine behind.
    warnings.filterwarnings("ignore", "coroutine '.*acompletion' was never awaited", RuntimeWarning)
    import litellm
    from litellm.llms.custom_httpx import http_handler

    litellm.suppress_debug_info = litellm.disable_hf_tokenizer_download = True
    litellm.telemetry = False
    bound_transports(http_handler.AsyncHTTPHandler)
    logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)
    # stamina would report each retry through structlog: on stdout, where nobody has configured structlog.
    stamina.instrumentation.set_on_retry_hooks([])
    return litellm


def resolve(litellm: Any, name: str, api_base: str | None) -> Any:
    """Return model, provider, key and base address of a name; ConfigurationError if the name has no provider."""
    try:
        return litellm.get_llm_provider(name, api_base=api_base)
    except litellm.exceptions.BadRequestError:
        hint = f"openai/{name}" + ("" if api_base else " with --api-base")
        line = f"unknown model '{name}': no LiteLLM provider; try {hint}"
        raise ConfigurationError(clean(line), model=name) from None


def parameters_taken(litellm: Any, model: str, provider: str) -> frozenset[str]:
    """Return OpenAI's names of the parameters that LiteLLM passes on to a provider; it drops others unsaid."""
    return frozenset(litellm.get_supported_openai_params(model=model, custom_llm_provider=provider) or ())


def check_ready(name: str, api_base: str | None) -> None:
    """Refuse, before anything starts, a model that cannot work as configured. Opens no connection.

    Raises:
        ConfigurationError: Unknown provider, no key in the environment, or no usable base address.
    """
    litellm = load()
    if api_base is not None and "," in api_base:
        for one in api_base.split(","):
            check_ready(name, one.strip())
        return
    if api_base is not None and not re.match(r"https?://[^/]", api_base):
        raise ConfigurationError(clean(f"--api-base {api_base} is no address like http://127.0.0.1:8000/v1"))
    _, provider, key, base = resolve(litellm, name, api_base)
    if base is None and key == "fake-api-key":  # a server of one's own; LiteLLM would ask api.openai.com instead
        raise ConfigurationError(f"{name} needs --api-base: the address of your server", model=name)
    # Some find their credentials elsewhere too (profiles, roles); ollama has an address by default and no key.
    if api_base or provider in ("bedrock", "sagemaker", "vertex_ai", "ollama", "ollama_chat"):
        return
    if missing := litellm.validate_environment(model=name)["missing_keys"]:
        keys = (" or " if provider == "gemini" else " and ").join(missing)
        raise ConfigurationError(f"{name} needs a key: set {keys} in the environment", model=name)


async def probe(name: str, api_base: str | None) -> None:
    """See that a server answers at all, before a run starts, by opening a connection within 5 s.

    Raises:
        ConfigurationError: It cannot be reached.
    """
    base = api_base or resolve(load(), name, None)[3] or ""
    if api_base is None and name.startswith("ollama"):
        base = os.environ.get("OLLAMA_API_BASE", "http://localhost:11434")
    host, scheme = urlsplit(base).hostname, urlsplit(base).scheme
    if not host or not (api_base or host in ("localhost", "127.0.0.1", "::1")):
        return
    if scheme in getproxies() and not proxy_bypass(host):
        return  # calls go through a proxy: a direct connection says nothing about them
    try:
        async with asyncio.timeout(5):
            port = urlsplit(base).port or (443 if scheme == "https" else 80)
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, ValueError) as error:
        refused = "connection refused" if isinstance(error, ConnectionRefusedError) else ""
        why = refused or getattr(error, "strerror", None) or str(error) or "no answer within 5 s"
        raise ConfigurationError(clean(f"cannot reach {base}: {why}")) from None
    writer.close()


def raw_client(litellm: Any, base: str | None, key: str) -> Any:
    """Make a client of a server's raw completions, over a transport that reads within limits; close it in the end."""
    import httpx
    from litellm.llms.custom_httpx import http_handler

    make = next(found for name in FACTORIES if (found := getattr(http_handler.AsyncHTTPHandler, name, None)))
    over = httpx.AsyncClient(transport=make(), follow_redirects=False)
    return litellm.exceptions.openai.AsyncOpenAI(api_key=key, base_url=base, http_client=over, max_retries=0)


async def close_clients(litellm: Any) -> None:
    """Close all connections that LiteLLM keeps for this event loop."""
    cache = litellm.in_memory_llm_clients_cache
    this_loop = cache.update_cache_key_with_event_loop("")
    for key in [key for key in cache.cache_dict if key.endswith(this_loop)]:
        client = cache.cache_dict[key]
        cache.delete_cache(key)  # or the next model would be handed the closed client
        await client.close()
