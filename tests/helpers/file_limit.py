"""A disk that is full, without the rights to make one."""

import resource
import signal
from contextlib import contextmanager


@contextmanager
def files_of_at_most(nbytes):
    """As a full disk, writing fails behind this many bytes; needs no rights."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (nbytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
