"""The log of a run, and the silent one of the other processes."""

from jittor_tsit.runs.log import SilentLog


def test_other_processes_sort_jittors_output_in_their_first_step_only():
    """The training loop sorts it until `has_begun`. Process 0 alone did so before, and the others showed it."""
    log = SilentLog()
    assert not log.has_begun
    log.add({}, 1)
    assert log.has_begun
