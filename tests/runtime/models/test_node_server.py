"""One server a node: the first that asks has it, others ask it over HTTP, and the next takes over when it is gone."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models import node_server
from surefoot.runtime.models.node_server import NodeServer, folder_of


class Llama:
    """Answers as llama.cpp does, in this process and over HTTP to whoever has the key."""

    def __init__(self, key: str) -> None:
        self.calls: list[tuple[str, Any]] = []
        own = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                known = self.headers["Authorization"] == f"Bearer {key}"
                own.calls.append((self.path, body))
                text = json.dumps({"said": body, "over": "http"} if known else {"error": {"code": 401}}).encode()
                self.send_response(200 if known else 401)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.listening_address = f"http://127.0.0.1:{self.server.server_port}"

    def handle_completions(self, body: Any) -> Any:
        return {"said": body, "over": "raw"}

    def handle_chat_completions(self, body: Any) -> Any:
        return {"said": body, "over": "chat"}

    def gone(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def loaded() -> Iterator[list[Llama]]:
    made: list[Llama] = []
    yield made
    for one in made:
        one.gone()


def node(folder: pathlib.Path, loaded: list[Llama]) -> NodeServer:
    def load(key: str) -> Llama:
        loaded.append(Llama(key))
        return loaded[-1]

    return NodeServer(folder, load)


def test_two_processes_have_one_server_between_them(tmp_path: pathlib.Path, loaded: list[Llama]) -> None:
    first, second = node(tmp_path, loaded), node(tmp_path, loaded)
    assert first.handle_completions({"a": 1}) == {"said": {"a": 1}, "over": "raw"}
    assert first.handle_chat_completions({"a": 2})["over"] == "chat"
    assert second.handle_completions({"b": 1}) == {"said": {"b": 1}, "over": "http"}
    assert second.handle_chat_completions({"b": 2})["over"] == "http"
    assert len(loaded) == 1
    assert [path for path, _ in loaded[0].calls] == ["/v1/completions", "/v1/chat/completions"]
    assert os.stat(tmp_path / "address").st_mode & 0o077 == 0  # the key is in it


def test_when_the_one_that_has_it_is_done_the_next_loads_it(tmp_path: pathlib.Path, loaded: list[Llama]) -> None:
    first, second = node(tmp_path, loaded), node(tmp_path, loaded)
    first.handle_completions({})
    assert second.handle_completions({})["over"] == "http"
    loaded[0].gone()
    first.close()
    assert second.handle_completions({})["over"] == "raw"
    assert node(tmp_path, loaded).handle_completions({})["over"] == "http"
    assert len(loaded) == 2
    loaded.pop(0)


PROGRAM = """
import pathlib, sys, time
from surefoot.runtime.models.node_server import NodeServer
from tests.runtime.models.test_node_server import Llama
NodeServer(pathlib.Path(sys.argv[1]), Llama).handle_completions({})
print("has it", flush=True)
time.sleep(60)
"""


def test_after_a_kill_the_next_process_takes_over(tmp_path: pathlib.Path, loaded: list[Llama]) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=pathlib.Path(__file__).parents[3]) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "has it\n"
        second = node(tmp_path, loaded)
        assert second.handle_completions({})["over"] == "http"
        assert loaded == []
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert second.handle_completions({})["over"] == "raw"
    assert len(loaded) == 1


def test_weights_that_cannot_be_loaded_are_tried_by_the_next_and_keep_nobody_waiting(tmp_path: pathlib.Path) -> None:
    def fails(key: str) -> Llama:
        raise ConfigurationError("no weights")

    for _ in range(2):
        with pytest.raises(ConfigurationError, match="no weights"):
            NodeServer(tmp_path, fails).handle_completions({})


def test_one_that_never_answers_is_named(
    tmp_path: pathlib.Path, loaded: list[Llama], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_server, "PATIENCE_S", 0.0)
    node(tmp_path, loaded).handle_completions({})
    (tmp_path / "address").write_text("{}")
    with pytest.raises(RuntimeError, match="another process of this node has the model"):
        node(tmp_path, loaded).handle_completions({})


def test_the_folder_is_this_users_alone(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_server.tempfile, "gettempdir", lambda: str(tmp_path))
    folder = folder_of(pathlib.Path("/m/a.gguf"))
    assert folder == folder_of(pathlib.Path("/m/../m/a.gguf")) != folder_of(pathlib.Path("/m/b.gguf"))
    folder.chmod(0o755)
    with pytest.raises(ConfigurationError, match="not a folder of yours alone"):
        folder_of(pathlib.Path("/m/a.gguf"))
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises((ConfigurationError, FileExistsError)):
        folder_of(pathlib.Path("/m/a.gguf"))
