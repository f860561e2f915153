"""The caller's own line echo of our voice must not interrupt us, nor reach the recogniser. [pure]

A telephone gives back a part of what it is sent, 10 to 40 dB quieter and 20 to 400 ms later. Whether a frame of the caller is nothing but
that is told by how much is left of it when the echo is taken away (`echo_path`):

* *The bound.* What an echo leaves is quieter than what was played by a share that each call teaches: after each loud frame of ours, the
  loudest of the caller's `REACH_FRAMES` against it. A caller who talks can only make it larger, and so the share follows the smaller ones
  in some frames, and the larger ones in seconds, more slowly while he talks. What is `MARGIN_DB` above it is more than an echo.
* *Before the way back is known* nothing can be taken away: the whole frame is held against the loudest of all that may be echoing, and a
  share of its own. Until the call has taught it, that is `loss_db`. A line without an echo stays there, with a share near `MOST_LOSS_DB`;
  a caller who talks all the while, so that it can not be seen, is no echo once the search for one has found nothing.
* *The hold.* Words are not loud throughout: two frames of four that are sure let `HOLD_FRAMES` pass.

    echo = Echo(8000)
    echo.played(ours, at)                    # each frame that the switch takes
    if echo.is_echo(theirs, now): ...        # each frame of the caller
"""

from __future__ import annotations

import math
from collections import deque

from .band_stream import FRAME, FRAME_S, BandStream
from .echo_path import EchoPath
from .pcm import frame_bytes, peak

REACH_FRAMES = 23
"""How long after a frame of ours its echo may come: 400 ms, a frame until it has arrived, and two times that are known to a frame."""
LOSS_DB = 6.0
"""Of the loudest echo that a line may give back: at -10 dB by all of its sound, a vowel may come at -6."""
LEAST_LOSS_DB, MOST_LOSS_DB = 3.0, 45.0
RISE_DB_S, TALKING_RISE_DB_S = 2.0, 0.5
"""How fast a share follows larger ones."""
FALL = 0.2
"""Of the way to a smaller one, in a frame. Not all of it: the smallest of a voice's frames is 6 dB below the usual."""
MARGIN_DB = 5.0
SURE_DB = 2.0
"""Above the margin. An echo's frame may now and then be above that one; two of four are not above both."""
HOLD_FRAMES = 10
EXPLAINED = 0.25
"""Of a frame, no more of which is left, so much is echo that the rest is too."""
NOISE_DB = 9.0
"""So far above the quietest frame a voice must be: the powers of a noise's frames differ by 6 dB."""
FADING_DB = 1.0
"""By so much a frame what was played fades where it echoes: 1.2 s for 60 dB, a large room."""
NEAR_FRAMES = 3
"""A frame of the caller holds an echo of at most so many of ours, and of one more."""
SOUND = 1e-6
"""Power of a frame of ours that may be heard. All powers are of the band: some 5 dB below those of the whole speech."""
LOUD = 10**-4.5
"""Power of one that teaches a share."""
VOICE = 10**-5.5
"""Power of the least frame that passes as the caller's: a voice of -35 dBFS has few that are quieter."""
VOWEL = 10**-5
"""Power of the least that is sure to be one: a voice of -35 dBFS has few vowels that are quieter."""
QUIET_PEAK = 128
"""A frame with no louder sample (-48 dBFS) is below `VOICE`, and costs no more, as long as no echo is known."""


def _ratio(db: float) -> float:
    return float(10 ** (db / 10))


MARGIN, SURE, NOISE, FADING = _ratio(MARGIN_DB), _ratio(SURE_DB), _ratio(NOISE_DB), _ratio(-FADING_DB)
RISE, TALKING_RISE = _ratio(RISE_DB_S * FRAME_S), _ratio(TALKING_RISE_DB_S * FRAME_S)
LARGEST, SMALLEST = _ratio(-LEAST_LOSS_DB), _ratio(-MOST_LOSS_DB)
QUIET = VOICE / NOISE
"""Power of a frame that is not looked at; a noise below it hides nobody."""
UNFOUND = _ratio(-20)
"""Of what came, the largest part that may be an echo which was not found."""


class Echo:
    """Tells one call's echo from its caller. One thread: the media clock's.

    Args:
        rate: 8000 or 16000 samples a second, of both directions.
        loss_db: how much quieter than our voice an echo is at least, until the call has shown it: that takes 0.7 s of our voice, in which
            the caller is silent. Who talks over these is heard only if he is at most this less `MARGIN_DB` below us.
    """

    def __init__(self, rate: int, loss_db: float = LOSS_DB) -> None:
        self._bot = BandStream(rate)
        self._caller = BandStream(rate)
        self._silence = bytes(frame_bytes(rate))
        self._sounded = -math.inf  # the number of our latest frame that may be heard
        self._path = EchoPath()
        self._slips = 0
        self._whole = _Share(loss_db)
        self._rest = _Share(loss_db)
        self._fading = 0.0  # the power of what was played and may be echoing, by the delay that is known
        self._noise = 1.0  # the power of the quietest frame of late
        self._sure = 0  # the latest four frames, a bit each
        self._hold = 0

    @property
    def loss_db(self) -> float:
        """How much quieter than our voice this line's echo is, as far as the call has shown."""
        return -10 * math.log10(self._whole.value)

    def played(self, pcm: bytes, at: float) -> None:
        """The next frame of ours, which the switch took at `at` (seconds, to a frame). In order, and best before the caller's frame of the
        same time: what is told at most 100 ms late, and after its echo has come, is judged by what was played before it.

        Silence is to be told too, for frames are counted: a sample's distance to its echo must not change. A gap counts as silence, and
        then the delay is to be found again.
        """
        number = self._bot.count(at)
        if pcm != self._silence and self._bot.fill(pcm) > SOUND:
            self._sounded = number

    def is_echo(self, pcm: bytes, at: float) -> bool:
        """Whether the caller's next frame, which arrived at `at` (seconds, to a frame), is nothing but our echo. To be asked for every one.

        False while we are silent, and have been for so long that no echo can come. Where it is True there is no speech: the recogniser may
        get silence of the same length, a judge of speech nothing.
        """
        number = self._caller.count(at)
        if number - self._sounded > REACH_FRAMES:
            self._hold = self._sure = 0
            return False
        if self._slips != self._bot.slips + self._caller.slips:
            self._slips = self._bot.slips + self._caller.slips
            self._path = EchoPath()
        looked_at = self._path.delay is not None or peak(pcm) > QUIET_PEAK
        power = self._caller.fill(pcm) if looked_at else QUIET
        rest = self._path.rest(self._caller, self._bot, power)
        passes = self._passes(number, power, rest)
        self._learn(number, power, power if rest is None else rest, passes)
        return not passes

    def _passes(self, number: int, power: float, rest: float | None) -> bool:
        """Whether the frame is more than an echo, or held open by those before it."""
        echo = self._loudest_echo(number, known=rest is not None)
        bound = max(MARGIN * echo, NOISE * self._noise, VOICE)
        left = power if rest is None else rest
        more = left > bound and left > EXPLAINED * power
        sure = more and left > max(SURE * bound, VOWEL)
        self._sure = (self._sure << 1 | sure) & 0b1111
        if self._sure.bit_count() >= 2:
            self._hold = HOLD_FRAMES
        elif self._hold:
            self._hold -= 1
        return more or self._hold > 0

    def _loudest_echo(self, number: int, known: bool) -> float:
        """How much of us may be left in the caller's frame `number`."""
        bot, delay = self._bot, self._path.delay
        if delay is not None:
            newest = number - delay // FRAME + 1
            self._fading = max(bot.loudest(newest - NEAR_FRAMES, newest), FADING * self._fading)
            if known:
                return self._rest.value * self._fading
        return self._whole.value * bot.loudest(number - REACH_FRAMES, number)

    def _learn(self, number: int, power: float, left: float, passes: bool) -> None:
        first = number - REACH_FRAMES + 1
        played = self._bot.loudest(first, first)
        self._noise = min(max(left, QUIET), self._noise * RISE)
        self._whole.learn(power, played, passes, UNFOUND if self._path.none else 1.0)
        self._rest.learn(left, played, passes)
        if self._path.learn(self._caller, self._bot):
            self._rest.value = max(self._rest.value, self._whole.value)


class _Share:
    """How much of what was played comes back, or is left of it, at most: a ratio of powers, learned."""

    def __init__(self, loss_db: float) -> None:
        self.value = _ratio(-loss_db)
        self._lately: deque[float] = deque(maxlen=REACH_FRAMES)

    def learn(self, power: float, played: float, talking: bool, echo: float = 1.0) -> None:
        """The caller's latest frame has `power`, and ours at the other end of its reach had `played`."""
        self._lately.append(power)
        if played < LOUD:
            return
        seen = min(max(echo * max(self._lately) / played, SMALLEST), LARGEST)
        if seen < self.value:
            self.value *= (seen / self.value) ** FALL
        else:
            self.value = min(seen, self.value * (TALKING_RISE if talking else RISE))
