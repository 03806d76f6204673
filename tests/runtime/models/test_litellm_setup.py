"""What is said before anything starts."""

import subprocess
import sys

import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models import litellm_setup
from surefoot.runtime.models.litellm_setup import check_ready
from tests.runtime.models.asking import SECRET, Make, free_port


async def test_probe(make: Make) -> None:
    await make().probe()
    port = free_port()
    with pytest.raises(ConfigurationError, match=f"^cannot reach http://127.0.0.1:{port}/v1: connection refused$"):
        await make(api_base=f"http://127.0.0.1:{port}/v1").probe()
    await make("gpt-4.1-mini", api_base=None).probe()  # opens nothing


async def test_probe_says_nothing_about_a_proxy(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    await make(api_base=f"http://127.0.0.1:{free_port()}/v1").probe()


async def test_probe_of_an_address_with_a_password(make: Make) -> None:
    with pytest.raises(ConfigurationError, match=r"http://\*\*\*@"):
        await make(api_base=f"http://me:pw@127.0.0.1:{free_port()}/v1").probe()


@pytest.mark.parametrize(
    ("name", "base", "line"),
    [
        ("openai/gpt-4.1-mini", None, "OPENAI_API_KEY"),
        ("claude-sonnet-4-5", None, "ANTHROPIC_API_KEY"),
        ("gemini/gemini-2.5-flash", None, "GOOGLE_API_KEY or GEMINI_API_KEY"),
        ("foo", None, r"unknown model 'foo': no LiteLLM provider; try openai/foo with --api-base"),
        ("foo", "http://127.0.0.1:1/v1", r"try openai/foo$"),
        ("hosted_vllm/foo", None, "needs --api-base"),
        ("openai/foo", "127.0.0.1:8000/v1", "is no address like http"),
    ],
)
def test_what_cannot_work_is_refused_before_the_start(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], name: str, base: str | None, line: str
) -> None:
    for key in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(key, raising=False)
    with pytest.raises(ConfigurationError, match=line) as caught:
        check_ready(name, base)
    assert str(caught.value).isprintable()
    assert capfd.readouterr() == ("", "")


def test_what_can_work_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    check_ready("openai/foo", "http://127.0.0.1:1/v1")
    check_ready("hosted_vllm/foo", "http://127.0.0.1:1/v1")
    check_ready("ollama/llama3.2", None)
    check_ready("bedrock/anthropic.claude-3-haiku-20240307-v1:0", None)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    check_ready("openai/gpt-4.1-mini", None)


def test_the_price_list_is_the_one_that_was_installed() -> None:
    litellm = litellm_setup.load()
    source = sys.modules[litellm.get_model_cost_map.__module__]._cost_map_source_info
    assert (source.source, source.url) == ("local", None)


def test_importing_the_module_imports_neither_litellm_nor_aiohttp() -> None:
    code = (
        "import sys, surefoot.runtime.models.litellm_model; print(*{'litellm', 'openai', 'aiohttp'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"
