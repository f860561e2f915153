"""One reply that is spoken: a stream of text in, one or more tasks that speak it, one stream of audio out.

Services end a task whose client sends nothing for a while (NLS 10 s, DashScope 23), and a model may think longer than that. So a task that
has had no text for long is brought to its end in order, and the next text opens another: nothing is lost.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from ..errors import ProviderError
from ..threads import spawn
from .gate import Gate
from .tts import Mark, SynthesisListener


class Flush:
    """Stands in the queue of texts where `flush` was called."""


FLUSH = Flush()


class SpeakingTask(Protocol):
    """One task of a reply. Any thread may call; nothing waits."""

    def open(self) -> None: ...

    def text_given(self) -> None:
        """There is something for `Reply.next_text`."""

    def finish_asked(self) -> None:
        """`Reply.all_given` may be true now."""

    def abort(self) -> None: ...


class Reply:
    """A `speech.tts.Synthesis`. Other threads fill the queue of texts; the thread of the current task's connection empties it and delivers.

    Args:
        label: what its threads are named after.
        rate: of the audio.
        text_chars: how much one message may hold.
        make_task: makes the next task, not yet open.
        whole: the service takes the text in one piece: no task is opened before ``finish``.
        can_flush: asked each time.
    """

    def __init__(
        self,
        label: str,
        listener: SynthesisListener,
        *,
        rate: int,
        text_chars: int,
        make_task: Callable[[Reply], SpeakingTask],
        whole: bool = False,
        can_flush: Callable[[], bool] = lambda: True,
    ) -> None:
        self.label = label
        self.audio_ms = 0.0
        self._listener = listener
        self._rate = rate
        self._text_chars = text_chars
        self._make_task = make_task
        self._whole = whole
        self._can_flush = can_flush
        self._gate = Gate()
        self._lock = threading.Lock()
        self._texts: deque[str | Flush] = deque()
        self._finishing = False
        self._over = False
        self._task: SpeakingTask | None = None
        self._asked = False

    # speech.tts.Synthesis; any thread:

    def start(self) -> None:
        """Connect."""
        if not self._whole:
            self.open_task()

    def say(self, text: str) -> None:
        self._put(text)

    def flush(self) -> None:
        if not self._whole and self._can_flush():
            self._put(FLUSH)

    def finish(self) -> None:
        with self._lock:
            if self._finishing or self._over:
                return
            self._finishing = True
            task, waiting = self._task, bool(self._texts)
        if task is not None:
            task.finish_asked()
        elif waiting:
            self.open_task()
        else:  # everything said was spoken by tasks that have ended
            spawn("tts", self.finished, self.label)

    def cancel(self) -> None:
        self._gate.close()
        self._end()

    # The task's side, on its connection's thread:

    def open_task(self) -> None:
        """Open a task, unless there is one or the reply is over. Any thread."""
        with self._lock:
            if self._task is not None or self._over:
                return
            task = self._task = self._make_task(self)
        task.open()

    def next_text(self) -> str | Flush | None:
        """What is to be sent next, as much as one message takes; all of it if the service takes one message only."""
        with self._lock:
            self._asked = False
            if not self._texts:
                return None
            first = self._texts.popleft()
            if isinstance(first, Flush):
                return first
            parts, chars = [first], len(first)
            while self._texts and not isinstance(self._texts[0], Flush):
                if chars + len(self._texts[0]) > self._text_chars and not self._whole:
                    break
                more = self._texts.popleft()
                assert isinstance(more, str)
                parts.append(more)
                chars += len(more)
            return "".join(parts)

    def all_given(self) -> bool:
        """Whether `finish` was called and nothing waits."""
        with self._lock:
            return self._finishing and not self._texts

    def audio(self, pcm: bytes) -> None:
        if self._gate.call(self._listener.audio, pcm):
            self.audio_ms += len(pcm) / 2 / self._rate * 1000

    def mark(self, marks: list[Mark]) -> None:
        for mark in marks:
            self._gate.call(self._listener.mark, mark)

    def task_ended(self, task: SpeakingTask) -> None:
        """The task's texts are all spoken, or it never got one. Next: the end, another task, or rest until there is text."""
        with self._lock:
            if self._task is not task:
                return
            self._task = None
            more, finishing = bool(self._texts), self._finishing
        if more:
            self.open_task()
        elif finishing:
            self.finished()

    def finished(self) -> None:
        self._gate.last(self._listener.finished)
        with self._lock:
            self._over = True

    def failed(self, error: ProviderError) -> None:
        self._gate.last(self._listener.failed, error)
        self._end()

    def _put(self, item: str | Flush) -> None:
        with self._lock:
            if self._finishing or self._over:
                return
            if isinstance(item, Flush) and self._task is None and not self._texts:
                return  # nothing was said that could wait
            if isinstance(item, Flush) or self._whole:
                self._texts.append(item)
            else:  # no more at once than one message takes: a task stops where its connection has enough
                self._texts += (item[at : at + self._text_chars] for at in range(0, len(item), self._text_chars))
            task, asked = self._task, self._asked
            self._asked = True
        if self._whole:
            return
        if task is None:
            self.open_task()
        elif not asked:
            task.text_given()

    def _end(self) -> None:
        with self._lock:
            self._over = True
            self._texts.clear()
            task = self._task
        if task is not None:
            task.abort()
