"""Names to propose in place of one that does not exist."""

from difflib import SequenceMatcher
from typing import Iterable, List

NUM_GUESSES = 3  # names that a message proposes; more would not be read
LEAST_LIKENESS = 0.4  # of a proposed name, from 0 to 1; less has nothing in common with what was typed


def nearest(name: str, names: Iterable[str]) -> List[str]:
    """Return the names that are most similar to `name`, at most NUM_GUESSES, the most similar one first.

    A dotted name, such as "weights.vgg", is also compared by its last part.
    """
    likeness = {each: max(_likeness(name, each), _likeness(name, each.rpartition(".")[2])) for each in names}
    found = sorted((each for each in likeness if likeness[each] >= LEAST_LIKENESS), key=lambda each: -likeness[each])
    return found[:NUM_GUESSES]


def _likeness(a: str, b: str) -> float:
    return SequenceMatcher(None, a.lower(), b.lower()).ratio()
