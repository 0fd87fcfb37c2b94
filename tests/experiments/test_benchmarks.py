"""The quick parts of the benchmarks: their counts, their tables, and that they end in time."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import write_label, write_photo
from experiments.benchmarks import first_use, gpu, growth, loading
from experiments.benchmarks.case import Case

ROOT = Path(__file__).parents[2]
ENDLESS = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, file=open(sys.argv[1], "w"), flush=True)
time.sleep(600)
"""


@pytest.fixture
def folders(tmp_path):
    """Three photographs with label maps, and one without."""
    for name in ("photos", "maps"):
        (tmp_path / name).mkdir()
    for k in range(4):
        write_photo(tmp_path / f"photos/{k}.jpg", np.full((20, 30, 3), k, np.uint8))
        if k:
            write_label(tmp_path / f"maps/{k}.png", np.full((20, 30), k))
    return tmp_path / "photos", tmp_path / "maps"


def test_loading_times_folders_and_cache_by_turns(folders, tmp_path, monkeypatch):
    samples = loading.pairs_of(*folders, (16, 8), (24, 16))
    assert [pair.stem for pair in samples.pairs] == ["1", "2", "3"] and samples.augmentation.load == (24, 16)
    kept, made = loading.samples_from_cache(samples, tmp_path / "cache", 1)
    assert made["cache_mb"] == (tmp_path / "cache").stat().st_size / 1e6
    calls = []
    monkeypatch.setattr(loading, "speed", lambda samples, *rest: calls.append(samples) or float(len(calls)))
    rows = loading.measure({"folders": samples, "cache": kept}, [1, 2], 1, 5, rounds=2)
    assert calls == [samples, kept] * 4
    assert rows[0] == {"workers": 1, "from": "folders", "img_per_s": [3.0, 1.0, 5.0]}


def test_loading_counts_images_of_batches(folders):
    samples = loading.pairs_of(*folders, (16, 8), (16, 8))
    assert loading.speed(samples, 1, batch=2, number=5) > 0
    with pytest.raises(InputError, match="photos: holds no label map .* in .*photos"):
        loading.pairs_of(folders[0], folders[0], (16, 8), (16, 8))


def test_the_table_of_loading_says_how_often_the_step_is_fed():
    row = {"workers": 2, "from": "cache", "img_per_s": [100.0, 90.0, 110.0]}
    record = {
        "date": "",
        "cpu": "",
        "cores": 2,
        "commit": "",
        "pairs": 3,
        "size": (16, 8),
        "batch": 1,
        "count": 5,
        "rounds": 2,
        "step_ms": 200.0,
        "step_images": 4,
        "rows": [row],
    }
    assert loading.report(record).endswith("| 2 | cache | 100.0 (90.0-110.0) | 5.0 |")


def test_what_starts_a_cold_process_has_not_set_jittors_variables():
    code = "import sys, experiments.benchmarks.first_use; sys.exit(any('jittor_tsit.' in name for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_a_cold_home_is_empty_and_the_environment_comes_back(monkeypatch):
    monkeypatch.setenv("JITTOR_HOME", "/elsewhere")
    before = dict(os.environ)
    with first_use.empty_home():
        assert os.listdir(os.environ["HOME"]) == [] and "JITTOR_HOME" not in os.environ
        home = os.environ["HOME"]
    assert dict(os.environ) == before and not os.path.exists(home)


def test_the_table_of_sets_has_an_exponent():
    sets = [{"pairs": 10**k, "read_and_train_ms": [50.0, 40.0, 60.0], "peak_mib": 100.0 * 10**k} for k in (1, 2)]
    lines = growth.set_table(Case("tsit", 2, 256, 128, 1, False), sets).splitlines()
    assert lines[-3:] == ["| 10 | 50 | 1000 |", "| 100 | 50 | 10000 |", "| exponent | 0.00 | 1.00 |"]


def test_a_part_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path, monkeypatch):
    command = [sys.executable, "-c", ENDLESS, str(tmp_path / "pid")]
    monkeypatch.setattr(gpu, "command_of", lambda part, out: command)
    began = time.monotonic()
    assert gpu.run_part(gpu.Part("x", [], 9), 2.0, tmp_path / "out") == "ended after its 2 s"
    assert time.monotonic() - began < 10
    child = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10
    while os.path.exists(f"/proc/{child}") and time.monotonic() < deadline:
        if "State:\tZ" in Path(f"/proc/{child}/status").read_text():
            break  # dead, and nobody waits for it
        time.sleep(0.1)
    else:
        assert not os.path.exists(f"/proc/{child}")


def test_parts_are_recorded_as_they_end_and_none_begins_too_late(tmp_path, monkeypatch):
    seen = []

    def run_part(part, budget, out):
        seen.append((part.name, budget))
        assert len(out.read_text().splitlines() if out.exists() else []) == len(seen) - 1
        return "failed with status 1" if part.name == "b" else "done"

    monkeypatch.setattr(gpu, "run_part", run_part)
    parts = [gpu.Part("a", ["step"], 30), gpu.Part("b", ["step"], 1000)]
    ended = gpu.run_parts(parts, 100, tmp_path / "out")
    assert [each["ended"] for each in ended] == ["done", "failed with status 1"]
    assert seen[0] == ("a", 30) and 90 < seen[1][1] <= 100 - gpu.GRACE_S
    assert [json.loads(line)["part"] for line in (tmp_path / "out").read_text().splitlines()] == ["a", "b"]
    (late,) = gpu.run_parts([gpu.Part("c", ["step"], 30)], gpu.LEAST_S, tmp_path / "out")
    assert late["ended"] == "no time was left" and len(seen) == 2


@pytest.mark.parametrize("has_kernels", [True, False])
def test_a_part_is_run_with_cuda_kernels_or_without(tmp_path, monkeypatch, has_kernels):
    monkeypatch.delenv("JTSIT_CUDA_KERNELS", raising=False)
    code = f"import os; assert os.environ.get('JTSIT_CUDA_KERNELS') == {None if has_kernels else '0'!r}"
    monkeypatch.setattr(gpu, "command_of", lambda part, out: [sys.executable, "-c", code])
    assert gpu.run_part(gpu.Part("x", [], 9, has_kernels), 20.0, tmp_path / "out") == "done"


def test_the_words_of_the_gpus_parts_are_options_of_their_benchmarks(tmp_path):
    parts = gpu.all_parts("tsit", 64, "512x384", gpu.BATCHES, 5, sys.executable)
    assert [part.name for part in parts] == [
        "first-use",
        "step-1",
        "inference",
        "plain-1",
        "bf16-1",
        "step-4",
        "bf16-4",
        "step-16",
        "bf16-16",
        "compiled-1",
        "compiled-4",
        "compiled-16",
    ]
    alone = gpu.all_parts("tsit", 64, "512x384", [1], 5, None)
    assert [part.name for part in alone] == ["first-use", "step-1", "inference", "plain-1", "bf16-1"]
    assert "--against" not in alone[1].words
    for part in parts:
        words = gpu.command_of(part, tmp_path)[3:]
        module = __import__(f"experiments.benchmarks.{part.words[0]}", fromlist=["_parser"])
        assert module._parser().parse_args(words).size == (512, 384)
