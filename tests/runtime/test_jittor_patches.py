"""Changes to Jittor are made for one version, and left out for any other."""

import os
import signal
import subprocess
import sys

import jittor as jt
import jittor_utils
import pytest

from helpers.source_files import ROOT
from jittor_tsit.runtime import jittor_patches


@pytest.fixture
def other_version(monkeypatch):
    monkeypatch.setattr(jittor_patches.metadata, "version", lambda name: "1.3.110")


def test_the_installed_version_is_the_one_that_the_changes_are_made_for(capsys):
    assert jittor_patches.fits_jittor() and jt.__version__.startswith(jittor_patches.PATCHED_VERSION)
    jittor_patches.warn_of_other_version()
    assert capsys.readouterr().err == ""


def test_another_version_is_left_as_it_is_and_named_on_stderr(other_version, monkeypatch, capsys):
    monkeypatch.setattr(jittor_patches, "install_kernel_headers", lambda folder: pytest.fail("a header was made"))
    monkeypatch.setattr(jittor_patches, "install_direct_compiler", lambda folder: pytest.fail("a script was made"))
    initialize = jittor_utils.pool_initializer
    assert not jittor_patches.fits_jittor()
    assert jittor_patches.kernel_flags().strip() == ""
    jittor_patches.protect_compiler_processes()
    jittor_patches.call_compiler_directly()
    assert jittor_utils.pool_initializer is initialize
    jittor_patches.warn_of_other_version()
    assert "Jittor 1.3.11 is needed" in capsys.readouterr().err


def test_compiler_processes_ignore_ctrl_c_and_are_initialized_as_before(monkeypatch):
    calls = []
    monkeypatch.setattr(jittor_utils, "pool_initializer", lambda: calls.append("initialized"))
    jittor_patches.protect_compiler_processes()
    before = signal.getsignal(signal.SIGINT)
    try:
        jittor_utils.pool_initializer()
        assert calls == ["initialized"] and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


IMPORT = """
import os, signal, sys
from jittor_tsit.runtime.import_jittor import start_jittor
class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == "jittor.nn":  # imported by Jittor when its core is loaded
            print(os.environ.get("JPY_PARENT_PID"), flush=True)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupter())
start_jittor(False)
print("not reached")
"""


def test_ctrl_c_while_jittor_is_imported_ends_in_one_line():
    result = subprocess.run([sys.executable, "-c", IMPORT], cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (130, "1\n", "interrupted\n")


def test_after_the_import_ctrl_c_and_the_variable_are_as_before(monkeypatch):
    handler = signal.getsignal(signal.SIGINT)
    for value in (None, "7"):
        monkeypatch.delenv("JPY_PARENT_PID", raising=False)
        if value:
            monkeypatch.setenv("JPY_PARENT_PID", value)
        with jittor_patches.ctrl_c_ends_at_once():
            assert signal.getsignal(signal.SIGINT) is not handler
        assert signal.getsignal(signal.SIGINT) is handler and os.environ.get("JPY_PARENT_PID") == value


def test_signal_handlers_are_pythons_again():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    jittor_patches.restore_signal_handlers()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL


# As Jittor makes its pool; then a signal reaches all compiler processes, as `timeout` and job schedulers send it.
KILLED_POOL = """
import atexit, os, signal, time
from multiprocessing import Pool
from jittor_tsit.runtime import jittor_patches
jittor_patches.protect_compiler_processes()
import jittor_utils
jittor_utils.p = Pool(2, initializer=jittor_utils.pool_initializer)
jittor_utils.p.__enter__()
atexit.register(jittor_utils.pool_cleanup)
jittor_utils.p.map(abs, [1, 2])
time.sleep(0.5)  # they wait for work now, one of them with the lock of the queue
for process in list(jittor_utils.p._pool):
    os.kill(process.pid, signal.SIGTERM)
"""


def test_the_program_ends_after_its_compiler_processes_were_killed():
    # A second and a half on a quiet machine; without the change it never ends.
    result = subprocess.run([sys.executable, "-c", KILLED_POOL], cwd=ROOT, timeout=60, capture_output=True, text=True)
    assert result.returncode == 0 and "Traceback" not in result.stderr, result.stderr
