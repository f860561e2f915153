"""One call's way to the services of its profile: lists that are asked in their order, as far as there is room."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from ..call.dialogue import Services
from ..call.profile import Profile
from ..clock import Clock
from ..speech.fallback.alarms import Alarms
from ..speech.fallback.chain import Means
from ..speech.fallback.limiter import Rooms, Seat
from ..speech.fallback.member import Member, ranked
from ..speech.fallback.model import FallbackModel
from ..speech.fallback.recogniser import FallbackRecogniser
from ..speech.fallback.synthesiser import FallbackSynthesiser
from ..speech.fallback.usage import Usage

Members = tuple[list[Member], list[Member], list[Member]]
"""Those that recognise, those that answer and those that speak."""


def composed(
    profile: Profile, members: Members, alarms: Alarms, clock: Clock, held: tuple[Member, Seat] | None = None
) -> Services:
    """The services of one call. `held`: the recogniser's session, if it has one already."""
    asr, llm, tts = members
    usage = Usage()

    def means(switch_ms: float) -> Means:
        return Means(alarms, switch_ms, profile.full_ms, usage, held, clock)

    return Services(
        FallbackRecogniser(asr, profile.rate, means(profile.asr_switch_ms)),
        FallbackModel(llm, means(profile.llm_switch_ms)),
        FallbackSynthesiser(tts, profile.rate, means(profile.tts_switch_ms)),
        usage,
    )


class Entry:
    """Made by `shelf.Shelf.enter`. A context manager; or `leave` it, at the end of the call.

    A recogniser works as long as the call, so its session is held from the beginning. Answers and speech have theirs while they last: for
    them there must be room just now, and later they wait if there is none.
    """

    def __init__(
        self,
        profile: Profile,
        members: Members,
        rooms: Rooms,
        alarms: Alarms,
        clock: Clock,
        of_use: Callable[[], bool],
    ) -> None:
        self._members = members
        self._clock = clock
        self._held = rooms.wait(self._take, profile.full_ms / 1000 if profile.full == "wait" else 0.0, of_use)
        self.busy = "" if self._held is not None else self._who_is_full()
        """Why the call may not begin, or ""."""
        self.services = composed(profile, members, alarms, clock, self._held)

    def leave(self) -> None:
        """The call is over. Idempotent."""
        if self._held is not None:
            self._held[1].leave()

    def __enter__(self) -> Entry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def _take(self) -> tuple[Member, Seat] | None:
        asr, *others = self._members
        if all(any(member.limiter.room for member in kind) for kind in others):
            for member in ranked(asr, self._clock.now()):
                seat = member.limiter.take()
                if seat is not None:
                    return member, seat
        return None

    def _who_is_full(self) -> str:
        full = [members for members in self._members if not any(member.limiter.room for member in members)]
        names = " and ".join(", ".join(member.name for member in members) for members in full) or "a service"
        return f"as many sessions as `most` allows are in use at {names}"
