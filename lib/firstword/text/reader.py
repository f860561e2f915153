"""From a model's tokens to what is spoken of them: markup, lexicon, words. [pure]"""

from __future__ import annotations

from .atom import Atom, plain, spoken
from .lexicon import Lexicon, entries
from .markup import Markup
from .reading import Reading
from .spoken import Told, Words


class Reader:
    """Reads one reply. One thread at a time. Next: `feed` with each token, then `finish`; from there it begins afresh.

    Where the tokens were cut changes nothing. The sources of all atoms are the characters of all tokens.

    Args:
        reading: the profile's settings.
        reads: what the synthesiser takes of single words beside text (`speech.tts.Synthesiser.reads`).
        told: is told what is said otherwise than it is written: its kind, and both.

    Raises:
        ConfigError: an entry of the lexicon is wrong. They are checked when a configuration is loaded.
    """

    def __init__(self, reading: Reading, reads: frozenset[str] = frozenset(), told: Told | None = None) -> None:
        self._as_written = not reading.reading
        self._markup = Markup(reading)
        self._lexicon = Lexicon(entries(reading.lexicon), reads)
        self._words = Words(reading, told)

    def feed(self, token: str) -> list[Atom]:
        """The atoms that `token` decides."""
        if self._as_written:
            return list(map(plain, token))
        return self._words.feed(self._lexicon.feed(self._markup.feed(token)))

    def finish(self) -> list[Atom]:
        """The rest: no more is written."""
        if self._as_written:
            return []
        atoms = self._lexicon.feed(self._markup.finish())
        atoms += self._lexicon.finish()
        return self._words.feed(atoms) + self._words.finish()


def phrase(text: str, reading: Reading, reads: frozenset[str] = frozenset()) -> tuple[str, list[Atom]]:
    """A whole text: what is spoken of it, and its atoms. `text` as it stands where nothing of it would be spoken."""
    reader = Reader(reading, reads)
    atoms = reader.feed(text) + reader.finish()
    said = spoken(atoms)
    if any(character.isalnum() for character in said):
        return said, atoms
    return text, list(map(plain, text))
