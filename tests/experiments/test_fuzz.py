"""A short form of `python -m experiments.fuzz`: damaged and random inputs raise documented errors only."""

import time

import pytest

from data_tools.basics.errors import InputError
from experiments.fuzz import cases, images, weights
from experiments.fuzz.cases import ACCEPTED, REFUSED, draw, run_case
from experiments.fuzz.readers import Reader, all_readers

CASES, SEED = 500, 0  # of all readers together; some 10 s
READERS = all_readers()


@pytest.mark.parametrize("name", READERS)
def test_a_strangers_input_is_read_or_refused_by_a_documented_error(name, tmp_path):
    faults = []
    for number in range(CASES // len(READERS)):
        outcome = run_case(READERS[name], draw(READERS[name], name, SEED, number), tmp_path)
        if outcome.verdict not in (ACCEPTED, REFUSED):
            faults.append(
                f"python -m experiments.fuzz --reader {name!r} --seed {SEED} --case {number}: {outcome.verdict}"
            )
    assert not faults


@pytest.mark.parametrize("name", READERS)
def test_a_case_is_the_same_every_time(name):
    assert draw(READERS[name], name, 1, 2) == draw(all_readers()[name], name, 1, 2)
    assert len({repr(draw(READERS[name], name, 1, number)) for number in range(20)}) > 5


@pytest.mark.parametrize(
    "name, files",
    [
        ("photographs", [content for content in images.photos() if content[:3] != b"GIF"]),  # one is animated
        ("label maps", images.labels()),
        ("weight files", weights.weights()[:5]),
        ("checkpoints", weights.checkpoints()[:1]),
    ],
)
def test_what_is_damaged_can_be_read_before(name, files, tmp_path):
    for content in files:
        assert run_case(READERS[name], content, tmp_path) == (ACCEPTED, "")


def verdict_of(read, folder, given=b"x"):
    return run_case(Reader(lambda rng: given, read), given, folder).verdict


def refuse(path):
    raise InputError(f"{path}: is damaged")


def refuse_for_memory(path):
    raise InputError(f"{path}: damaged (MemoryError)")


def compute_for_ever(path):
    while True:
        pass


def leave(path):
    raise SystemExit(1)


@pytest.mark.parametrize(
    "read, verdict",
    [
        (len, "TypeError: object of type 'PosixPath' has no len()"),
        (lambda path: path.read_bytes(), ACCEPTED),
        (refuse, REFUSED),
        (lambda path: refuse("x"), "an InputError that names neither file nor folder"),
        (refuse_for_memory, "a lack of memory"),
        (leave, "exit status 1"),
    ],
)
def test_what_a_reader_does_is_judged(tmp_path, read, verdict):
    assert verdict_of(read, tmp_path) == verdict


def test_a_reader_that_hangs_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(cases, "LIMIT_S", 0.2)
    started = time.process_time()
    assert verdict_of(compute_for_ever, tmp_path) == "Hang: takes more than 0.2 s"
    assert time.process_time() - started < 2
