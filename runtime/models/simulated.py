"""A simulated model: a pure function of prompt text, name, temperature, seed and draw number.

It sees the prompt as text and nothing else. What it answers is looked up in an answer key that reads the same text;
if the prompt lacks a fact, the key lists every answer the fact could make right, and the model has to guess. Its
mistakes are drawn from the key's plausible ones, at rates that are independent knobs.
"""

import asyncio
import functools
import hashlib
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Dialect, Prompt
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models.capabilities import WORST, Capability
from surefoot.runtime.models.port import Look, Model, Reply, Request, Stop
from surefoot.runtime.unreadable import UNREADABLE

Planted = Literal["", "shared", "hard"]
"""What is wrong with a prompt: nothing, all its draws are wrong alike, or it is hard."""

Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a simulated model errs. All rates are probabilities, independent of each other.

    Attributes:
        p_error: A draw gives a plausible wrong answer, where the question takes one operation (``Answers.work``).
        p_format: A draw gives text that no parser reads.
        p_shared: A prompt is one at which *every* draw gives the same wrong answer.
        p_hard: A prompt is one at which 56 % of the draws are right, 30 % give one wrong answer and 14 % another:
            step 10241 of the published run (MAKER, arXiv 2511.09030).
        p_refuse: A draw is a refusal.
        p_overlong: A draw rambles until the token limit.
        p_timeout: A call fails in transport before it succeeds; counted, never a ballot.
        latency_s: Seconds that a call takes, without the tokens of its reply.
        token_s: Seconds that each token of a reply takes; answers that are asked for together are written together.
        scale_by_temperature: Whether ``p_error`` is multiplied by the temperature (greedy draws do not err).
        p_swayed: Added to ``p_error`` for a prompt that shows earlier answers all of which are wrong, and in proportion
            where some are (self-conditioning, arXiv 2509.09677); the sum is 0.95 at most.
        doubling_steps: Steps of a reply after which ``p_error`` has doubled; 0 for a rate that is constant along it.
        p_copy: A step of a reply is wrong because an earlier step of the same reply is.
    """

    p_error: Rate = 0.0
    p_format: Rate = 0.0
    p_shared: Rate = 0.0
    p_hard: Rate = 0.0
    p_refuse: Rate = 0.0
    p_overlong: Rate = 0.0
    p_timeout: Rate = 0.0
    latency_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    token_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    scale_by_temperature: bool = False
    p_swayed: Rate = 0.0
    doubling_steps: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    p_copy: Rate = 0.0


def parse_profile(text: str) -> Profile:
    """Read a profile from text such as ``"p_error=0.01,latency_s=1"``.

    Raises:
        ConfigurationError: Unknown key or a value out of range.
    """
    pairs = [part.partition("=") for part in text.split(",") if part]
    given = {key.strip(): f"0{value}" if value.startswith(".") else value for key, _, value in pairs}
    try:
        return msgspec.convert(given, Profile, strict=False)
    except UNREADABLE as error:
        known = ", ".join(Profile.__struct_fields__)
        raise ConfigurationError(f"simulated model: {error}; its keys are {known}") from error


class SimulatedModel(Model):
    """A model that answers at known error rates.

    Args:
        key: Right and plausible wrong answers to a prompt, from its text.
        profile: Error rates and latency.
        dialect: Wording it claims to understand.
        name: Models of different names make different mistakes.
    """

    def __init__(
        self,
        key: Callable[[Prompt], Answers],
        profile: Profile,
        dialect: Dialect = "compact",
        name: str = "simulated",
    ) -> None:
        # The same questions come back: most of the time of a simulated run would go into the key.
        self._key = functools.lru_cache(maxsize=2**14)(key)
        self.profile, self.dialect, self.name = profile, dialect, name
        self.asked = 0

    async def ask(self, request: Request) -> list[Reply]:
        """Answer a prompt once for each draw, after the time that the profile gives a call and its longest reply."""
        # Also without latency: a model that never lets go of the event loop would starve the journal.
        await asyncio.sleep(self.profile.latency_s)
        replies = [self.reply(request, draw) for draw in request.draws]
        if self.profile.token_s:
            await asyncio.sleep(self.profile.token_s * max(reply.tokens_out for reply in replies))
        self.asked += len(request.draws)
        first, *others = replies
        return [first, *(msgspec.structs.replace(reply, tokens_in=0) for reply in others)]

    def reply(self, request: Request, draw: int) -> Reply:
        """Return the reply of one draw, a pure function of request, draw and name."""
        profile, prompt = self.profile, request.prompt
        text = f"{self.name}\0{request.seed}\0{prompt.system}\0{prompt.user}"
        dice = _Dice(f"{text}\0{request.temperature}\0{draw}")
        failed = 0
        while profile.p_timeout and dice.below(profile.p_timeout) and failed < 20:
            failed += 1
        known = self._key(prompt)
        tokens_in = len(prompt.system.split()) + len(prompt.user.split())
        if dice.below(profile.p_refuse):
            return Reply("I cannot help with that.", Stop.REFUSED, tokens_in, 6, 0.0, failed)
        if dice.below(profile.p_overlong):
            return Reply("Let me think again. " * 8, Stop.LENGTH, tokens_in, request.max_tokens, 0.0, failed)
        if dice.below(profile.p_format):
            return Reply("???", Stop.END, tokens_in, 2, 0.0, failed)
        if known.count > 1:
            said = self._several(request, known, dice)
        else:
            said = self._answer(text, known, dice, self._rate(request, known))[0]
        return Reply(said, Stop.END, tokens_in, len(said.split()) + 1, 0.0, failed)

    def _rate(self, request: Request, known: Answers) -> float:
        """Rate of plausible mistakes at one prompt."""
        rate = self.profile.p_error * (request.temperature if self.profile.scale_by_temperature else 1.0)
        if known.work != 1.0:
            rate = 1.0 - (1.0 - rate) ** known.work
        if self.profile.p_swayed and known.wrong_shown:
            rate = max(rate, min(0.95, rate + self.profile.p_swayed * known.wrong_shown))
        return rate

    def _answer(self, text: str, known: Answers, dice: "_Dice", p_error: float) -> tuple[str, bool]:
        """The answer to one prompt of the given text, and whether it is a mistake of this draw."""
        planted = self._planted(text)
        if planted == "shared":
            return _Dice(f"shared\0{text}").past().pick(known.wrong), True
        if planted == "hard":
            said = _hard(known, dice.number())
            return said, said not in known.right
        if dice.below(p_error):
            return dice.pick(known.wrong), True
        return dice.pick(known.right), False

    def _several(self, request: Request, known: Answers, dice: "_Dice") -> str:
        """Answers to several steps, a line each: every one as if asked alone in the state that the last one stated."""
        profile, count, follow = self.profile, known.count, known.follow
        assert follow is not None
        said, erred, prompt = list[str](), False, request.prompt
        for place in range(count):
            rate = self._rate(request, known)
            if profile.doubling_steps:
                rate = min(1.0, rate * 2 ** (place / profile.doubling_steps))
            copied = erred and dice.below(profile.p_copy)
            text = f"{self.name}\0{request.seed}\0{prompt.system}\0{prompt.user}"
            answer, wrong = self._answer(text, known, dice, 1.0 if copied else rate)
            said.append(answer)
            erred = erred or wrong
            prompt = follow(prompt, answer)
            known = self._key(prompt)
        return "\n".join(said)

    async def look(self, request: Request) -> Look:
        """Return what answers to a prompt are drawn from: a pure function of seed, prompt and name."""
        await asyncio.sleep(self.profile.latency_s + self.profile.token_s)
        self.asked += 1
        profile, prompt, known = self.profile, request.prompt, self._key(request.prompt)
        text = f"{self.name}\0{request.seed}\0{prompt.system}\0{prompt.user}"
        shares: dict[str, float] = {}

        def give(answers: tuple[str, ...], share: float) -> None:
            for one in answers:
                shares[one] = shares.get(one, 0.0) + share / len(answers)

        planted = self._planted(text)
        if planted == "shared":
            give((_Dice(f"shared\0{text}").past().pick(known.wrong),), 1.0)
        elif planted == "hard":
            give((known.right[0],), 0.56)
            give((known.wrong[0],), 0.3)
            give((known.wrong[-1],), 0.14)
        else:
            give(known.wrong, profile.p_error)
            give(known.right, 1 - profile.p_error)
        unread = min(1.0, profile.p_format + profile.p_refuse + profile.p_overlong)
        ranked = sorted(shares.items(), key=lambda one: (-one[1], one[0]))
        answers = tuple((answer, share * (1 - unread)) for answer, share in ranked)
        return Look(answers, unread, 1, len(prompt.system.split()) + len(prompt.user.split()), 1, 0.0)

    def how(self, capability: Capability) -> str:
        """Return the way in which a capability is served: the distribution over answers is known."""
        return "scores" if capability is Capability.CHOICES else WORST[capability]

    def planted(self, prompt: Prompt, seed: int) -> Planted:
        """Return what was planted at a prompt, for whoever scores a run afterwards."""
        return self._planted(f"{self.name}\0{seed}\0{prompt.system}\0{prompt.user}")

    def _planted(self, text: str) -> Planted:
        if self.profile.p_shared and _Dice(f"shared\0{text}").below(self.profile.p_shared):
            return "shared"
        return "hard" if self.profile.p_hard and _Dice(f"hard\0{text}").below(self.profile.p_hard) else ""

    async def close(self) -> None:
        """Do nothing: a simulated model holds no connection."""


def _hard(known: Answers, number: float) -> str:
    """The answer at a hard prompt; a task with one plausible mistake has two alternatives in one."""
    if number < 0.56:
        return known.right[0]
    return known.wrong[0] if number < 0.86 else known.wrong[-1]


class _Dice:
    """Independent uniform numbers from a text."""

    def __init__(self, text: str) -> None:
        self._digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=64).digest()
        self._used = 0

    def number(self) -> float:
        """The next number in [0, 1)."""
        if self._used == 64:
            self._digest, self._used = hashlib.blake2b(self._digest, digest_size=64).digest(), 0
        part = self._digest[self._used : self._used + 8]
        self._used += 8
        return int.from_bytes(part) / 2**64

    def below(self, probability: float) -> bool:
        """Whether the next number is below a probability; a probability of 0 uses up no number."""
        return probability > 0 and self.number() < probability

    def past(self) -> "_Dice":
        """Skip the next number; return the same dice."""
        self.number()
        return self

    def pick(self, choices: tuple[str, ...]) -> str:
        """Return one of the choices, each as likely as the other."""
        return choices[0] if len(choices) == 1 else choices[int(self.number() * len(choices))]
