"""The order of the test files: the longest first, so that no core waits for one of them at the end."""

# Files that take a quarter of a minute or more, the longest first: they start commands, train or follow the authors'
# trainers.
LONG = (
    "tests/training/test_procs_commands.py",
    "tests/docs/test_commands.py",
    "tests/training/test_training_reference.py",
    "tests/experiments/test_kills.py",
    "tests/systems/test_contract.py",
    "tests/training/test_training.py",
    "tests/systems/test_large_weights.py",
    "tests/experiments/test_smoke.py",
    "tests/systems/test_resume.py",
    "tests/commands/test_commands.py",
    "tests/training/test_procs_refused.py",
    "tests/training/test_phases.py",
    "tests/training/test_guard.py",
    "tests/training/test_interrupt.py",
    "tests/training/test_domain_training_reference.py",
    "tests/runtime/test_parallel_step.py",
    "tests/runs/test_full_disk.py",
    "tests/runtime/test_cuda_home.py",
    "tests/data_tools/curation/test_scan.py",
)


def place_of(nodeid: str) -> int:
    """Return the place in `LONG` of a test's file; the files that are not in it share the last place."""
    file = nodeid.partition("::")[0]
    return next((place for place, name in enumerate(LONG) if file.endswith(name)), len(LONG))


def put_long_files_first(items: list) -> None:
    """Sort the tests by their files' places. The order within a file stays, and so does that of all other files."""
    items.sort(key=lambda item: place_of(item.nodeid))


def keep_the_order(config) -> None:
    """Let pytest-xdist hand out the files in the order of the tests, and not by how many tests a file has.

    The same as its option `--no-loadscope-reorder`, which versions before 3.8 do not know; Python 3.8 has only those.
    """
    config.option.loadscopereorder = False
