"""Executing thoughts in the background, while others are still being written.

What comes of them is kept in the project's file of known executions, where the stage that needs them
finds them. Nothing here bears on a result: what was not executed ahead is executed then.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

from distill_dsl.contract.settings import ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.thoughts.execute import execute_thoughts

TOGETHER: Final = 256
"""Texts of a format that are worth the start of workers; fewer wait for more, or for the end."""
STOP_SECONDS: Final = 10.0
"""How long an interrupted command waits for a thought that is being executed."""


class Ahead:
    """A thread that executes thoughts of several formats, one chunk after the other."""

    def __init__(self, formats: Mapping[str, ThoughtSettings]) -> None:
        self._formats = {name: format for name, format in formats.items() if format.answer != AnswerKind.TEXT}
        self._waiting: dict[str, dict[str, None]] = {name: {} for name in self._formats}
        self._chunks: queue.Queue[tuple[str, dict[str, None]] | None] = queue.Queue()
        self._stopped = Event()
        self._thread = Thread(target=self._work, name="executing ahead", daemon=True)
        self._thread.start()
        self.executed = 0
        """Texts that are done."""
        self.error: Exception | None = None
        """What stopped it; nothing but time is lost."""

    def add(self, thought: str, texts: Sequence[str]) -> None:
        """Execute these texts of a format some time; prose, which is only read, is left to those who need it."""
        if thought not in self._formats:
            return
        self._waiting[thought].update(dict.fromkeys(texts))
        if len(self._waiting[thought]) >= TOGETHER:
            self._hand_over(thought)

    def finish(self) -> None:
        """Wait until all is executed."""
        for thought in self._formats:
            self._hand_over(thought)
        self._chunks.put(None)
        self._thread.join()

    def stop(self) -> None:
        """Leave the rest, soon."""
        self._stopped.set()
        self._chunks.put(None)
        self._thread.join(STOP_SECONDS)

    def _hand_over(self, thought: str) -> None:
        texts, self._waiting[thought] = self._waiting[thought], {}
        if texts:
            self._chunks.put((thought, texts))

    def _work(self) -> None:
        while (chunk := self._chunks.get()) is not None:
            if self.error is None and not self._stopped.is_set():
                self._execute(*chunk)

    def _execute(self, thought: str, texts: dict[str, None]) -> None:
        try:
            execute_thoughts(self._formats[thought], texts, self._progress)
        except _Stopped:
            return
        except Exception as error:  # whatever it is: thoughts that took hours to write are not lost by it
            self.error = error

    def _progress(self, done: int) -> None:
        self.executed += done
        if self._stopped.is_set():
            raise _Stopped


class _Stopped(Exception):
    """Ends an execution from within, so that its workers are ended too."""


@contextmanager
def executed_ahead(formats: Mapping[str, ThoughtSettings]) -> Iterator[Ahead]:
    """While the block runs, what it adds is executed; its end waits for the rest, its failure does not."""
    ahead = Ahead(formats)
    try:
        yield ahead
    except BaseException:
        ahead.stop()
        raise
    ahead.finish()
