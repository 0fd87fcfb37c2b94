"""A file that cannot be read in training is tried again, then passed over and told of, up to a limit."""

import pytest

from data_tools.basics.errors import InputError
from jittor_tsit.data import read_ahead as reading
from jittor_tsit.data.read_ahead import first_readable, read_ahead
from jittor_tsit.data.unreadable import SkipCounter
from jittor_tsit.runtime import parallel
from jittor_tsit.runtime.mpirun import CommonError


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(reading, "PAUSES", (0, 0))


class Readings:
    """Gives its place, except where a file is rotten, or fails so many times."""

    def __init__(self, rotten=(), hiccups=0):
        self.rotten, self.hiccups, self.tried = set(rotten), hiccups, []

    def __call__(self, place):
        self.tried.append(place)
        if place in self.rotten or len(self.tried) <= self.hiccups:
            raise InputError(f"{place}.jpg: cannot be read: Input/output error")
        return (place,)


def test_a_file_that_can_be_read_later_is_no_fault():
    sample, faults = Readings(hiccups=2), []
    assert first_readable(sample, 7, 1, faults) == (7,)
    assert sample.tried == [7, 7, 7] and faults == []


def test_in_place_of_a_rotten_file_stands_the_next_one_that_is_not():
    sample, faults = Readings(rotten=(7, 8)), []
    assert first_readable(sample, 7, 2, faults) == (9,)
    assert sample.tried == [7, 7, 7, 8, 8, 8, 9]
    assert faults == [f"{place}.jpg: cannot be read: Input/output error" for place in (7, 8)]


def test_the_caller_may_choose_the_place_of_the_next_one():
    sample, faults = Readings(rotten=(7, 5)), []
    assert first_readable(sample, 7, 2, faults, lambda place, number: place - 2 * number) == (3,)


def test_more_rotten_files_in_a_row_than_allowed_are_named():
    with pytest.raises(InputError, match=r"^7.jpg: .*; 8.jpg: .*error$"):
        first_readable(Readings(rotten=(7, 8, 9)), 7, 1, [])


@pytest.mark.parametrize("count, allowed", [(1, 5), (1, 0)])
def test_one_rotten_file_of_one_does_not_go_on_for_ever(count, allowed):
    with pytest.raises(InputError, match="^x.jpg: gone$"):
        first_readable(only_fault, 0, allowed, [])


def only_fault(place):
    raise InputError("x.jpg: gone")


def every_third_is_rotten(place):
    return Readings(rotten=range(0, 100, 3))(place)


def test_faults_are_told_of_before_the_step_that_they_are_of():
    told = []
    steps = iter([[range(2)], [range(2, 3)], [range(3, 4)]])
    read = [
        ([array.tolist() for (array,) in groups], len(told))
        for groups in read_ahead(every_third_is_rotten, steps, 1, 1, told.append)
    ]
    assert read == [([[1, 1]], 1), ([[2]], 2), ([[4]], 3)]
    assert [len(faults) for faults in told] == [1, 0, 1]


def test_a_file_that_comes_up_again_counts_once_and_each_time_is_told():
    lines = []
    skipped = SkipCounter(2, lines.append)
    for _ in range(9):
        skipped(["x.jpg: is damaged"])
    skipped(["y.jpg: is damaged"])
    assert len(lines) == 10
    assert "x.jpg: is damaged (failed 9 times so far; 1 of at most 2 such files)" in lines[8]
    with pytest.raises(CommonError, match=r"more than max_skipped=2 .*x.jpg: .*; y.jpg: .*; z.jpg: is damaged$"):
        skipped(["z.jpg: is damaged"])


def test_all_processes_count_the_faults_of_all(monkeypatch):
    monkeypatch.setattr(parallel, "gather_texts", lambda text: [text, '["of another process: gone"]', "[]"])
    lines = []
    with pytest.raises(CommonError, match="own.jpg: gone; of another process: gone"):
        SkipCounter(1, lines.append)(["own.jpg: gone"])
    assert len(lines) == 2


def test_many_faults_are_cut_in_the_message_and_not_in_the_log():
    lines = []
    with pytest.raises(CommonError, match="and 2 more, see log.txt$"):
        SkipCounter(0, lines.append)([f"{k}.jpg: gone" for k in range(7)])
    assert len(lines) == 7
