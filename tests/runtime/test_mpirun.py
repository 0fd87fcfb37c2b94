"""How the launcher relays mpirun's standard error and reports the end. No process is started."""

import os
import signal
import sys
import threading
import time

import pytest

from jittor_tsit.runtime import mpirun

FRAME = b"-" * 74 + b"\n"
# Open MPI 4.1.4's own words
NOTICED = b"mpirun noticed that process rank 1 with PID 0 on node mill exited on signal 9 (Killed).\n"
EXITED = (
    b"mpirun detected that one or more processes exited with non-zero status, thus causing\n"
    b"the job to be terminated. The first process to do so was:\n\n"
    b"  Process name: [[63212,1],1]\n  Exit code:    2\n"
)


@pytest.fixture
def relayed(monkeypatch):
    """A pipe into a running `relay`, the text that it has relayed, and a function that ends it and returns the rest."""
    source, sink = os.pipe()
    passed_on, held_back = [], []
    monkeypatch.setattr(mpirun, "write_line", passed_on.append)
    thread = threading.Thread(target=lambda: held_back.append(mpirun.relay(source)), daemon=True)
    thread.start()

    def end():
        os.close(sink)
        thread.join(5)
        os.close(source)
        return held_back[0]

    return sink, lambda: b"".join(passed_on), end


def wait_for(passed_on, text):
    """Text without an end of line must be relayed at once."""
    deadline = time.time() + 5
    while passed_on() != text and time.time() < deadline:
        time.sleep(0.01)
    assert passed_on() == text


def test_what_processes_say_is_passed_on_and_mpiruns_words_are_held_back(relayed):
    sink, passed_on, end = relayed
    os.write(sink, b"error: a fault\n" + FRAME + EXITED + FRAME + b"last words\n")
    assert end() == EXITED.decode().rstrip("\n")
    assert passed_on() == b"error: a fault\nlast words\n"


def test_text_that_arrives_in_pieces_is_put_together(relayed):
    sink, passed_on, end = relayed
    text = b"one\n" + FRAME + NOTICED + FRAME + b"mpirun: Forwarding signal 23 to job\n--- a line of ours\ntwo\n"
    for k in range(0, len(text), 7):
        os.write(sink, text[k : k + 7])
        time.sleep(0.002)  # so that it is read in pieces
    assert end() == NOTICED.decode() + "mpirun: Forwarding signal 23 to job"
    assert passed_on() == b"one\n--- a line of ours\ntwo\n"


def test_the_beginning_of_a_line_does_not_wait_for_its_end(relayed):
    sink, passed_on, end = relayed
    os.write(sink, b"\r 10%|#   ")
    wait_for(passed_on, b"\r 10%|#   ")
    os.write(sink, b"\r 20%|##  \n")
    wait_for(passed_on, b"\r 10%|#   \r 20%|##  \n")
    assert end() == ""


def test_what_has_no_end_of_line_at_the_end_is_passed_on(relayed):
    sink, passed_on, end = relayed
    os.write(sink, b"-- cut sho")  # might have become a rule
    assert end() == ""
    assert passed_on() == b"-- cut sho\n"  # ended, so that a message may follow


def test_a_rule_after_a_progress_bar_is_mpiruns(relayed):
    sink, passed_on, end = relayed
    os.write(sink, b"\r 10%|#   " + FRAME + NOTICED + FRAME + b"last words\n")
    assert end() == NOTICED.decode().rstrip("\n")
    assert passed_on() == b"\r 10%|#   last words\n"


@pytest.mark.parametrize(
    "number, cause",
    [
        (signal.SIGKILL, "SIGKILL, perhaps because memory ran out"),
        (signal.SIGSEGV, "SIGSEGV"),
        (signal.SIGBUS, "SIGBUS"),
    ],
)
@pytest.mark.parametrize("gap", [" ", "\n"])
def test_the_signal_that_ended_a_process_is_named(capsys, number, cause, gap):
    said = f"mpirun noticed that process rank 1 with PID 0 on node mill exited on{gap}signal {int(number)} (Killed)."
    assert mpirun.report_end(128 + number, said, stopped=False) == 2
    assert capsys.readouterr().err == (
        f"error: process 1 on mill was ended by {cause}; run the same command again to go on from the last checkpoint\n"
    )


@pytest.mark.parametrize("status", [1, 2, 130])
def test_a_process_that_said_why_it_ended_needs_no_other_line(capsys, status):
    assert mpirun.report_end(status, EXITED.decode(), stopped=False) == status
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "said, reason", [("There are not\nenough slots.", "There are not enough slots."), ("", "status 213")]
)
def test_a_failure_of_mpirun_itself_is_named(capsys, said, reason):
    assert mpirun.report_end(213, said, stopped=False) == 2
    assert capsys.readouterr().err == f"error: mpirun failed: {reason}\n"


def test_a_run_that_was_asked_to_stop_was_interrupted_however_it_ended(capsys):
    for status, said in ((130, EXITED.decode()), (137, NOTICED.decode()), (1, "")):
        assert mpirun.report_end(status, said, stopped=True) == 130
    assert mpirun.report_end(0, "", stopped=True) == 0  # it had come to its end
    assert capsys.readouterr().err == ""


class Started:
    """A replacement for mpirun that records its environment and ends at once."""

    def __init__(self, monkeypatch):
        source, sink = os.pipe()
        os.close(sink)
        self.stderr = open(source, "rb")
        monkeypatch.setattr(mpirun, "mpirun_command", lambda *arguments: [])
        monkeypatch.setattr(mpirun.subprocess, "Popen", self.popen)
        monkeypatch.setattr(mpirun.signal, "signal", lambda number, handler: None)

    def popen(self, command, env, **options):
        self.command, self.environment, self.options = command, env, options
        return self

    def wait(self):
        self.stderr.close()
        return 0


@pytest.fixture
def started(monkeypatch):
    return Started(monkeypatch)


def test_the_users_environment_wins_over_the_launchers(started, monkeypatch):
    for name in (*mpirun.ENVIRONMENT, "OMP_NUM_THREADS", "HOME"):
        monkeypatch.setenv(name, f"the user's {name}")
    assert mpirun.run_processes(["train"], 2, None, False) == 0
    for name in (*mpirun.ENVIRONMENT, "OMP_NUM_THREADS", "HOME"):
        assert started.environment[name] == f"the user's {name}"


def test_what_the_user_has_not_set_gets_the_launchers_values(started, monkeypatch):
    for name in mpirun.ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    mpirun.run_processes(["train", "--data", "x"], 2, None, False)
    assert started.command == [sys.executable, "-m", "jittor_tsit", "train", "--data", "x"]
    assert {name: started.environment[name] for name in mpirun.ENVIRONMENT} == {
        "OMPI_MCA_ess_base_forward_signals": "SIGURG",
        "OMPI_MCA_mpi_yield_when_idle": "1",
        "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
        "OMP_WAIT_POLICY": "passive",
        "PYTHONWARNINGS": "ignore::UserWarning:multiprocessing.resource_tracker",
    }
    assert started.options["start_new_session"]  # so that Ctrl-C does not come to mpirun as well
    assert not set(mpirun.ENVIRONMENT) & set(os.environ)  # this process's own stays as it was


@pytest.mark.parametrize("user, allowed", [(0, True), (1000, False)])
def test_mpirun_may_run_as_root_where_the_user_is_root(started, monkeypatch, user, allowed):
    for name in mpirun.AS_ROOT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(mpirun.os, "geteuid", lambda: user)
    mpirun.run_processes(["train"], 2, None, False)
    assert [name in started.environment for name in mpirun.AS_ROOT] == [allowed, allowed]


def test_other_machines_get_what_is_set_and_nothing_else(monkeypatch):
    """mpirun fails if a variable that it should forward is not set."""
    monkeypatch.setattr(mpirun.shutil, "which", lambda name: f"/bin/{name}")
    version = mpirun.subprocess.CompletedProcess([], 0, "mpirun (Open MPI) 4.1.4")
    monkeypatch.setattr(mpirun.subprocess, "run", lambda *words, **options: version)
    for name in mpirun.FORWARDED_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    command = mpirun.mpirun_command(4, None, use_gpu=False)
    assert command[:6] == ["/bin/mpirun", "-np", "4", "--bind-to", "none", "--oversubscribe"]
    passed_on = [name for word, name in zip(command, command[1:]) if word == "-x"]
    assert passed_on == ["OMP_NUM_THREADS", *mpirun.ENVIRONMENT]
