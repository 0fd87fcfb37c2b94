"""Worker processes and the signals that reach them."""

import signal
import subprocess
import sys
import time

from helpers.source_files import ROOT

WORKER = """
import os, time
from data_tools.basics import pools
pools.GRACE_SECONDS = 1.0
pools.start_worker(os.getppid())
print("ready", flush=True)
time.sleep(60)
"""


def test_a_worker_finishes_what_it_sends_before_the_terminate_signal_ends_it():
    worker = subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert worker.stdout.readline() == b"ready\n"
        begin = time.monotonic()
        worker.send_signal(signal.SIGINT)  # ignored: the parent handles Ctrl-C
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 1
        assert time.monotonic() - begin > 1.0
    finally:
        worker.kill()
        worker.stdout.close()
