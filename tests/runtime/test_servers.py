"""Addresses hold no secrets, and say which host a key goes to."""

import pytest

from surefoot.runtime.config import RunConfig, check_options
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.servers import check_address, host_of, servers_of

BAD = [
    "http://ann:swordfish@h/v1",
    "http://swordfish@h/v1",
    "https://:swordfish@h",
    "http://h/v1?api_key=swordfish",
    "http://h/v1?x=1&Token=swordfish",
    "http://h/v1?sig=swordfish",
    "http://[swordfish/v1",
]


@pytest.mark.parametrize("address", BAD)
def test_secrets_in_an_address_are_refused_and_not_repeated(address: str) -> None:
    for base in (address, f"http://good/v1, {address}"):
        with pytest.raises(ConfigurationError, match="--api-base") as refused:
            check_options(RunConfig(task="hanoi", api_base=base))
        assert "swordfish" not in str(refused.value)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000/v1", "https://h/openai?api-version=2024-06-01", "nonsense"])
def test_other_addresses_pass(address: str) -> None:
    check_address(address)


def test_hosts_are_told_apart() -> None:
    assert servers_of(" http://a/v1 , http://b,,") == ("http://a/v1", "http://b")
    assert servers_of(None) == ()
    hosts = {
        host_of(one) for one in ("http://h/v1", "HTTP://H/v2", "http://h:81/v1", "https://h/v1", "http://h.evil/v1")
    }
    assert hosts == {"http://h", "http://h:81", "https://h", "http://h.evil"}
