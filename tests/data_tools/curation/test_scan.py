"""`scan` writes the same table with any number of processes, after interruptions and when repeated."""

import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.basics.pools import local_pool
from data_tools.basics.table import read_rows, read_table
from data_tools.curation import scan as scanning
from data_tools.curation.scan import scan
from data_tools.curation.setwise import NAMES as SET_NAMES
from data_tools.rendering.write_set import write_set
from data_tools.sets.image_io import write_label
from data_tools.signals.sketches import open_sketches
from data_tools.signals.table import NAMES as PAIR_NAMES

COUNT = 24


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scan") / "set"
    write_set(folder, COUNT, seed=3, width=96, height=72)
    return folder


@pytest.fixture(scope="module")
def scanned(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("scanned")
    assert scan(data, out, partial(local_pool, 2)) == (COUNT, [])
    return out


def command(data, out, *options):
    return [sys.executable, "-m", "data_tools", "scan", "--data", str(data), "--out", str(out), *options]


def same_results(a, b):
    names = ["scan.csv", "sketches/classes.npy", "sketches/features.npy", "sketches/hashes.npy"]
    return all((a / name).read_bytes() == (b / name).read_bytes() for name in names)


def test_the_table_has_a_row_a_pair_and_a_column_a_signal(scanned):
    table = read_table(scanned / "scan.csv")
    assert table.stems == [f"synth_{i:06d}" for i in range(COUNT)]
    assert tuple(table.columns) == (*PAIR_NAMES, *SET_NAMES)
    assert all(np.isfinite(column).all() for column in table.columns.values())
    assert [len(a) for a in open_sketches(scanned / "sketches")] == [COUNT] * 3


@pytest.mark.parametrize("workers", [1, 3])
def test_the_number_of_processes_changes_no_byte(data, scanned, tmp_path, workers):
    scan(data, tmp_path, partial(local_pool, workers))
    assert same_results(tmp_path, scanned)


def test_a_second_scan_measures_nothing_and_gives_the_same(data, scanned, tmp_path, monkeypatch):
    shutil.copy(scanned / "cache.sqlite", tmp_path)
    monkeypatch.setattr(scanning, "pair_signals", lambda view, cells: pytest.fail("measured again"))
    scan(data, tmp_path, in_this_process)
    again, before = read_table(tmp_path / "scan.csv"), read_table(scanned / "scan.csv")
    for name in before.columns:  # this process may sum in several threads: the last digits differ
        np.testing.assert_allclose(again.columns[name], before.columns[name], rtol=1e-3, atol=1e-3)


def test_a_changed_file_is_measured_again_and_the_rest_is_not(data, scanned, tmp_path, monkeypatch):
    shutil.copytree(data, tmp_path / "set")
    shutil.copy(scanned / "cache.sqlite", tmp_path)
    write_label(tmp_path / "set/train/labels/synth_000005.png", np.ones((72, 96), np.uint8))
    measured = []
    measure = scanning.pair_signals
    monkeypatch.setattr(scanning, "pair_signals", lambda *pair: measured.append(pair) or measure(*pair))
    scan(tmp_path / "set", tmp_path, in_this_process)
    assert len(measured) == 1
    row = read_table(tmp_path / "scan.csv")
    assert row.columns["one_class"][5] == 1


def test_another_version_of_the_code_measures_all_again(data, scanned, tmp_path, monkeypatch):
    shutil.copy(scanned / "cache.sqlite", tmp_path)
    monkeypatch.setattr(scanning, "code_version", lambda: b"later")
    measured = []
    measure = scanning.pair_signals
    monkeypatch.setattr(scanning, "pair_signals", lambda *pair: measured.append(pair) or measure(*pair))
    scan(data, tmp_path, in_this_process)
    assert len(measured) == COUNT


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A set that takes some seconds to scan."""
    root = tmp_path_factory.mktemp("large")
    write_set(root, 60, seed=4, width=320, height=240)
    return root


def test_a_killed_scan_goes_on_and_leaves_no_process_behind(large, tmp_path):
    process = subprocess.Popen(
        command(large, tmp_path / "out", "--workers", "2"), stderr=subprocess.DEVNULL, start_new_session=True
    )
    cache = tmp_path / "out" / "cache.sqlite"
    while process.poll() is None and not (cache.exists() and cache.stat().st_size > 60_000):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.time() + 20  # the workers look for their parent every second
    while group_lives(process.pid) and time.time() < deadline:
        time.sleep(0.1)
    assert not group_lives(process.pid)
    kept = cache.stat().st_size
    assert subprocess.run(command(large, tmp_path / "out", "--workers", "2"), timeout=120).returncode == 0
    assert kept > 60_000 and len(read_table(tmp_path / "out" / "scan.csv").stems) == 60
    scan(large, tmp_path / "whole", partial(local_pool, 2))
    assert same_results(tmp_path / "out", tmp_path / "whole")


def ignore_ctrl_c():
    """Ignore Ctrl-C at first, as in a command that a shell script starts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize("prepare", [None, ignore_ctrl_c], ids=["terminal", "background"])
def test_ctrl_c_is_one_line_and_exit_130(large, tmp_path, prepare):
    process = subprocess.Popen(
        command(large, tmp_path / "out"), stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=prepare
    )
    cache = tmp_path / "out" / "cache.sqlite"
    while process.poll() is None and not (cache.exists() and cache.stat().st_size > 20_000):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err and err.strip().endswith("interrupted")


def test_broken_pairs_are_listed_and_the_rest_is_measured(data, tmp_path):
    shutil.copytree(data, tmp_path / "set")
    photo = tmp_path / "set/train/imgs/synth_000003.jpg"
    photo.write_bytes(photo.read_bytes()[:500])
    (tmp_path / "set/train/labels/synth_000007.png").unlink()
    result = subprocess.run(command(tmp_path / "set", tmp_path / "out"), capture_output=True, text=True, timeout=120)
    assert result.returncode == 1 and "2 cannot be read" in result.stderr
    rows = list(read_rows(tmp_path / "out" / "problems.csv"))
    assert [row[0] for row in rows] == ["stem", "synth_000003", "synth_000007"]
    assert "is damaged" in rows[1][1] and "has no label" in rows[2][1]
    assert len(read_table(tmp_path / "out" / "scan.csv").stems) == COUNT - 2


def test_a_set_too_small_to_learn_from_has_no_set_signals(tmp_path):
    write_set(tmp_path / "set", 3, seed=3, width=64, height=48)
    assert scan(tmp_path / "set", tmp_path / "out", partial(local_pool, 1))[0] == 3
    table = read_table(tmp_path / "out" / "scan.csv")
    assert all(np.isnan(table.columns[name]).all() for name in SET_NAMES)
    assert np.isfinite(table.columns["blur"]).all()


def test_a_set_of_broken_pairs_only_is_refused(tmp_path):
    write_set(tmp_path / "set", 1, seed=3, width=64, height=48)
    (tmp_path / "set/train/imgs/synth_000000.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match="none of its 1 pairs can be read.*synth_000000.jpg"):
        scan(tmp_path / "set", tmp_path / "out", partial(local_pool, 1))


@pytest.mark.parametrize("out", ["", "train/imgs", "train/labels/x"])
def test_nothing_is_written_into_the_data_set(data, out):
    with pytest.raises(InputError, match="lies in the data set"):
        scan(data, data / out, partial(local_pool, 1))


def test_a_damaged_cache_is_named(data, tmp_path):
    (tmp_path / "cache.sqlite").write_bytes(b"this is no database, but it is long enough to be looked at" * 50)
    with pytest.raises(InputError, match="cache.sqlite: cannot be used as a cache"):
        scan(data, tmp_path, partial(local_pool, 1))


@pytest.mark.mpi
def test_mpi_gives_the_same_table_to_the_byte(data, scanned, tmp_path):
    pytest.importorskip("mpi4py", reason="mpi4py is not installed")
    if shutil.which("mpirun") is None:
        pytest.skip("mpirun is not installed")
    run = [
        "mpirun",
        "--allow-run-as-root",
        "--oversubscribe",
        "-n",
        "2",
        sys.executable,
        "-m",
        "mpi4py.futures",
        "-m",
        "data_tools",
        "scan",
        "--mpi",
        "--data",
        str(data),
        "--out",
        str(tmp_path),
    ]
    result = subprocess.run(run, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert same_results(tmp_path, scanned)


def test_mpi_alone_says_how_to_start_more(data, tmp_path):
    pytest.importorskip("mpi4py", reason="mpi4py is not installed")
    result = subprocess.run(command(data, tmp_path, "--mpi"), capture_output=True, text=True, timeout=60)
    assert result.returncode == 2 and "Traceback" not in result.stderr and "mpirun" in result.stderr


def in_this_process(start, arguments):
    """A pool whose only worker is this process, so that it uses functions that a test has replaced."""
    from concurrent.futures import ThreadPoolExecutor
    from contextlib import contextmanager

    from data_tools.basics.pools import Pool

    @contextmanager
    def opened():
        with ThreadPoolExecutor(1, initializer=start, initargs=arguments) as pool:
            yield Pool(pool, 2)

    return opened()


def group_lives(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
