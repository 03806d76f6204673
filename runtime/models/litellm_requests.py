"""Words a request as LiteLLM's arguments, in the forms that the server is known or hoped to take."""

import hashlib
from typing import Any, Final

import msgspec

from surefoot.runtime.models.capabilities import WAYS, Capability, Forms
from surefoot.runtime.models.choices import held_to
from surefoot.runtime.models.port import Request
from surefoot.runtime.models.structured import response_formats

NO_CACHE: Final = {
    "Cache-Control": "no-cache, no-store",
    "Pragma": "no-cache",
    "cf-aig-skip-cache": "true",
    "Helicone-Cache-Enabled": "false",
    "x-portkey-cache-force-refresh": "true",
}
"""Headers by which HTTP caches and the usual gateways in front of models are asked to let a request through."""
MOST_STOPS: Final = 4
"""Stop sequences that servers of OpenAI's protocol take; all of them are looked for on arrival as well."""
TURN: Final = 32
"""Most tokens that a template puts around an example's two turns."""
LARGEST_SEED: Final = 2**31 - 1
"""Servers keep seeds in 32 bits, some of them with a sign."""


class Question(msgspec.Struct, frozen=True):
    """A request as it is put to a server: how many answers, and in which forms.

    Attributes:
        model: Name of the model, provider first.
        request: What is wanted.
        n: Answers wanted from this call.
        forms: The way in which each capability is asked for.
        first: Index in ``request.draws`` of the first draw of this call.
    """

    model: str
    request: Request
    n: int
    forms: Forms
    first: int = 0

    def way(self, capability: Capability) -> str:
        """Return the name of the way in which a capability is asked for."""
        return WAYS[capability][self.forms[capability]]

    @property
    def continues_text(self) -> bool:
        """Whether the prompt's text is continued as it stands, by the server's raw completions."""
        return self.request.raw and self.way(Capability.RAW) == "completion"


def used(request: Request) -> list[Capability]:
    """Return the capabilities that a request needs of a server."""
    wanted = {
        Capability.SEED: request.temperature > 0,
        Capability.TOP_P: request.top_p < 1,
        Capability.STOP: bool(request.stop),
        Capability.SCHEMA: request.schema is not None,
        Capability.PREFILL: bool(request.prefill),
        Capability.EXAMPLES: bool(request.examples),
        Capability.RAW: request.raw,
        Capability.CHOICES: bool(request.choices),
        Capability.SCORES: request.scored > 0,
        Capability.PROMPT_SCORES: request.echoed,
        Capability.TEMPERATURE: request.temperature == 1,
    }
    return [one for one, is_wanted in wanted.items() if is_wanted]


def arguments_of(question: Question, max_tokens: int) -> dict[str, Any]:
    """Return the arguments of LiteLLM's call that differ from request to request.

    Args:
        question: What is asked.
        max_tokens: Limit on reply and thinking together, in tokens.
    """
    request = question.request
    arguments: dict[str, Any] = {"temperature": request.temperature, "max_tokens": max_tokens}
    if request.temperature == 1 and question.way(Capability.TEMPERATURE) != "server":
        del arguments["temperature"]
    if question.continues_text:
        arguments["prompt"] = request.prompt.user + request.prefill
    else:
        arguments["messages"] = _messages(question)
    if question.n > 1:
        arguments["n"] = question.n
    if request.temperature > 0 and question.way(Capability.SEED) == "server":
        arguments["seed"] = seed_of(request.seed, request.draws[question.first])
    if request.top_p < 1 and question.way(Capability.TOP_P) == "server":
        arguments["top_p"] = request.top_p
    if request.stop and question.way(Capability.STOP) == "server":
        arguments["stop"] = list(request.stop[:MOST_STOPS])
    if request.scored and question.way(Capability.SCORES) == "server":
        arguments |= {"logprobs": request.scored if question.continues_text else True}
        arguments |= {} if question.continues_text else {"top_logprobs": request.scored}
    if request.echoed and question.continues_text and question.way(Capability.PROMPT_SCORES) == "echo":
        arguments |= {"echo": True, "logprobs": 1}
    if more := _own_servers_parameters(question):
        arguments["extra_body"] = more
    if request.schema is not None and question.way(Capability.SCHEMA) != "free text":
        arguments["response_format"] = response_formats(request.schema)[question.forms[Capability.SCHEMA]]
    return arguments


def _own_servers_parameters(question: Question) -> dict[str, Any]:
    """What servers of one's own take beside OpenAI's parameters: answers to choose from, a turn to go on with."""
    request, found = question.request, dict[str, Any]()
    if request.choices and question.way(Capability.CHOICES) == "grammar":
        found |= held_to(request.choices)
    if request.prefill and not question.continues_text and question.way(Capability.PREFILL) == "continued turn":
        found |= {"continue_final_message": True, "add_generation_prompt": False}  # vLLM; llama.cpp goes on anyway
    if request.echoed and question.way(Capability.PROMPT_SCORES) == "prompt_logprobs":
        found["prompt_logprobs"] = 0  # of the prompt's own tokens, and of no others
    return found


def bytes_of(request: Request) -> int:
    """Return the bytes of text that a request sends: an upper bound on prompt tokens, templates aside."""
    texts = [request.prompt.user, request.prompt.system, request.prefill]
    texts += [text for one in request.examples for text in (one.user, one.assistant)]
    return sum(len(text.encode(errors="replace")) for text in texts) + TURN * len(request.examples)


def wording_of(request: Request) -> str:
    """Return all of a request that a reply depends on, but for seed and draws, as one text."""
    same = (request.temperature, request.max_tokens, request.examples, request.prefill, request.stop, request.top_p)
    return f"{request.prompt.system}\0{request.prompt.user}\0{same}\0{request.schema is None}"


def seed_of(run_seed: int, draw: int) -> int:
    """Return the seed of one draw: the same whenever the draw is asked again, another one for every other draw."""
    digest = hashlib.blake2b(f"{run_seed}\0{draw}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % LARGEST_SEED


def without(text: str, request: Request) -> tuple[str, bool]:
    """Strip a repeated prefill from a reply's text and cut at the first stop sequence; also say whether it was cut."""
    if request.prefill and text.startswith(request.prefill):
        text = text[len(request.prefill) :]
    ends = [at for at in map(text.find, request.stop) if at >= 0]
    return (text[: min(ends)], True) if ends else (text, False)


def _messages(question: Question) -> list[dict[str, Any]]:
    # The system message first and unchanged from step to step: what servers cache is a prefix.
    request = question.request
    messages = [{"role": "system", "content": request.prompt.system}] if request.prompt.system else []
    if question.way(Capability.EXAMPLES) == "turns":
        for one in request.examples:
            messages += [{"role": "user", "content": one.user}, {"role": "assistant", "content": one.assistant}]
    messages.append({"role": "user", "content": _user(question)})
    if request.prefill and question.way(Capability.PREFILL) != "asked for in words":
        messages.append({"role": "assistant", "content": request.prefill})
    return messages


def _user(question: Question) -> str:
    """The question, with what could not be said in turns of its own written into it."""
    request, parts = question.request, []
    if question.way(Capability.EXAMPLES) != "turns":
        parts += [f"{one.user}\n{one.assistant}" for one in request.examples]
    parts.append(request.prompt.user)
    if request.prefill and question.way(Capability.PREFILL) == "asked for in words":
        parts.append(f"Begin your answer with: {request.prefill}")
    return "\n\n".join(parts)
