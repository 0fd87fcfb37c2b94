"""Cheap mistakes are found before Jittor is imported: wrong paths, sizes, numbers of classes, a full disk."""

import dataclasses
import importlib.util
import json
import shutil
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.rendering.write_set import write_set
from data_tools.sets.image_io import write_label
from helpers.source_files import ROOT
from jittor_tsit.__main__ import main
from jittor_tsit.commands.early_checks import check_experiment, check_paths
from jittor_tsit.config import CONFIGS, DataConfig, Experiment, RunConfig, to_json
from jittor_tsit.config.overrides import override
from jittor_tsit.data.finders import FINDERS, FINDERS_WITH_NAMES
from jittor_tsit.runs import disk_space
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, save_checkpoint

NO_JITTOR = """
import sys
from jittor_tsit.__main__ import main
status = main(sys.argv[1:])
sys.exit("jittor was imported" if "jittor" in sys.modules else status)
"""
PLAIN = ("train", "--data", "set", "--experiment", "landscape_cpu", "weights.vgg=0", "width=2", "width_D=2")
SCORE = ("score", "--images", "set", "--labels", "set", "--real", "set")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("early")
    write_set(place / "set", 2, 0, 64, 48)
    (place / "text.txt").write_text("no checkpoint")
    return place


def without_jittor(place, *words):
    """Run a command in a process that ends with status 1 if anything has imported Jittor."""
    command = [sys.executable, "-c", NO_JITTOR, *words]
    return subprocess.run(
        command,
        cwd=place,
        env={"PATH": "", "HOME": str(place / "home"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    "words, message",
    [
        ((*PLAIN, "weights.vgg=1", "perceptual_weights=vgg91.pth"), "perceptual_weights=vgg91.pth: no such file"),
        ((*PLAIN, "weights.vgg=1", "perceptual_weights=vgg91.pth"), "fetch vgg19` saves it as judges/vgg19.pth"),
        ((*PLAIN, "weights.vgg=1", "perceptual_weights=text.txt"), "text.txt: is a text"),
        ((*PLAIN, "weights.segmenter=1", "segmenter=a/b.pth"), "segmenter=a/b.pth: no such file (a does not exist"),
        ((*PLAIN, "weights.score=1"), "segmenter=: weights.segmenter and weights.score need"),
        ((*PLAIN, "--split", "absent.txt"), "absent.txt: no such file"),
        ((*PLAIN, "--from-weights", "absent"), "--from-weights absent: no such file"),
        ((*PLAIN, "--from-weights", "text.txt"), "text.txt: is a text"),
        ((*PLAIN, "--run-dir", "text.txt/run"), "text.txt is a file, not a folder"),
        ((*PLAIN, "folds=2", "evaluate_every=1", "judges=none"), "judges=none: no such folder; `python"),
        ((*PLAIN, "image_width=200"), "image size 200x256: TSIT needs multiples of 128"),
        ((*PLAIN, "num_classes=2"), "set/train/labels/"),
        ((*PLAIN, "batch_size=3"), "2 samples, fewer than batch_size=3"),
        ((*PLAIN, "--dry-run", "cache=text.txt/x"), "text.txt is a file"),
        ((*PLAIN[:2], "absent"), "--data absent: no such folder"),
        (("test", "--data", "absent"), "--data absent: no such file or folder"),
        (("test", "--checkpoint", "text.txt"), "text.txt: is a text"),
        (("test", "--checkpoints", "text.txt,b"), "text.txt: is a text"),
        (("test", "--references", "absent"), "--references absent: no such"),
        (("test", "--judges", "absent"), "--judges absent: no such folder"),
        (("test", "--candidates", "2", "--measure-by", "absent"), "--measure-by absent: no such file"),
        ((*SCORE, "--segmenter", "absent"), "--segmenter absent: no such file"),
        ((*SCORE[:-1], "absent"), "--real absent: no such"),
        ((*SCORE, "--report", "text.txt/page.html"), "text.txt is a file"),
        (("average", "absent", "other"), "absent: no such file"),
        (("average", "--run-dir", "set"), "--run-dir set: holds no checkpoint"),
        (
            ("convert", "--from", "G=absent", "--system", "tsit", "--out", "x.safetensors"),
            "--from absent: no such file",
        ),
        (
            ("convert", "--from", "text.txt", "--system", "tsit", "--out", "x.pth"),
            "--out x.pth: must end in .safetensors",
        ),
        (("export", "--checkpoint", "absent", "--out", "x"), "--checkpoint absent: no such file"),
        (("export", "--checkpoint", "text.txt", "--out", "x"), "text.txt: is a text"),
    ],
)
def test_a_wrong_path_or_option_is_told_in_one_line_without_jittor(place, monkeypatch, capsys, words, message):
    monkeypatch.chdir(place)
    monkeypatch.setitem(sys.modules, "jittor", None)  # an import raises
    assert main(words) == 2
    said = capsys.readouterr().err
    assert message in said and said.startswith("error: ") and said.count("\n") == 1


@pytest.mark.parametrize("unknown, count", [([], 151), (["unknown_id=0"], 150)])
def test_the_number_of_classes_that_suffices_is_that_of_many_maps(tmp_path, monkeypatch, capsys, unknown, count):
    write_set(tmp_path / "set", 6, 0, 64, 48)
    labels = sorted((tmp_path / "set/train/labels").iterdir())
    for number, path in enumerate(labels):
        write_label(path, np.full((48, 64), 150 if number == 5 else 40))
    labels[4].write_bytes(b"x")  # another fault is not told here
    monkeypatch.chdir(tmp_path)
    assert main([*PLAIN, "image_width=128", "image_height=256", *unknown]) == 2
    told = capsys.readouterr().err
    assert "for this file; others may hold more" in told
    assert f"; 5 of 6 label maps were looked at, and num_classes={count} suffices for them" in told


def test_a_mistyped_file_is_refused_within_seconds_of_a_first_start(place):
    started = time.time()
    refused = without_jittor(place, "train", "--data", "set", "perceptual_weights=vgg91.pth")
    assert refused.stderr.startswith(
        "error: perceptual_weights=vgg91.pth: no such file; `python -m jittor_tsit fetch vgg19`"
    )
    assert refused.stderr.count("\n") == 1 and refused.returncode == 2
    assert time.time() - started < 30  # 1 s on a machine without other work; compiling Jittor takes minutes


def test_a_dry_run_makes_all_checks_and_tells_steps_disk_and_memory_without_jittor(place):
    shown = without_jittor(place, *PLAIN, "--dry-run", "--run-dir", "dry")
    assert shown.returncode == 0, shown.stderr
    for line in ("hours: unknown, because dry holds no report yet", "disk: about ", "memory: about "):
        assert line in shown.stderr
    assert not (place / "dry").exists()


def test_a_disk_without_room_for_the_checkpoints_is_told(place, monkeypatch, capsys):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda path: usage(10**11, 0, 4 * 10**9))
    monkeypatch.chdir(place)
    assert main(["train", "--data", "set", "weights.vgg=0", "--run-dir", "full"]) == 2
    assert "4.0 GB are free there, but 4 checkpoints of 4.2 GB need 16.8 GB" in capsys.readouterr().err
    small = dataclasses.replace(CONFIGS["tsit"](), width=2, width_D=2)
    need = disk_space.need_of(Experiment("tsit", small, run=RunConfig(total_nimg=1)), Path("full"))
    assert need.checkpoint < 10**7


def test_checkpoints_that_a_run_has_written_tell_their_size_and_count_as_free(tmp_path, monkeypatch):
    for number in range(2):
        (tmp_path / f"state-{number:09d}.safetensors").write_bytes(bytes(1000))
    experiment = Experiment("tsit", CONFIGS["tsit"](), run=RunConfig(total_nimg=1))
    assert disk_space.need_of(experiment, tmp_path).checkpoint == 1000
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda path: usage(0, 0, 3000))
    assert disk_space.free_bytes(tmp_path) == 5000
    disk_space.require_space(experiment, tmp_path)


def test_a_run_that_has_begun_does_not_need_the_file_of_its_first_weights(tmp_path):
    run = RunConfig(total_nimg=1, initial=str(tmp_path / "absent"))
    experiment = Experiment("pix2pix", CONFIGS["pix2pix"](), run=run)
    with pytest.raises(InputError, match="--from-weights .*absent: no such file"):
        check_paths(experiment, tmp_path)
    (tmp_path / "state-000000001.safetensors").write_bytes(b"")
    check_paths(experiment, tmp_path)


@pytest.mark.parametrize(
    "system, written, arrays, wanted, message",
    [
        ("tsit", {"width": 8}, "G.a", {"width": 4}, "networks of other sizes: width was 8, now 4; give width=8, or"),
        ("tsit", {"width": 8}, "D.a", {"width": 4}, None),  # width is not that of D
        ("tsit", {"width_D": 8}, "D.a", {}, "width_D was 8, now 64"),
        ("tsit", {"width_D": 8}, "G.a", {}, None),  # a file without D: a new one is made
        ("tsit", {"num_scales_D": 1, "width": 8}, "G.a D.a", {}, "width was 8, now 64; num_scales_D was 1, now 2"),
        ("segformer", {"size": "b2"}, "S.a", {}, "size was b2, now b0"),
        ("spade", {}, "G.a", {"num_classes": 10}, "num_classes was 29, now 10"),
        ("spade", {}, "G.a", {"num_classes": 30, "unknown_id": 255}, None),  # `read_initial` compares the arrays
        ("pix2pix", {}, "G.a", {"num_classes": 10}, None),  # its input has three colours
        ("tsit", {"form": "ast"}, "G.a", {"form": "ast", "num_classes": 10}, None),
        ("tsit", {"optim.lr_G": 0.5}, "G.a D.a", {}, None),
    ],
)
def test_first_weights_of_other_sizes_are_refused_by_their_header(tmp_path, system, written, arrays, wanted, message):
    def experiment(options, path=""):
        run = RunConfig(total_nimg=1, initial=str(path))
        words = [f"{name}={value}" for name, value in options.items()]
        return override(Experiment(system, CONFIGS[system](), run=run), words)

    path, options = tmp_path / "first.safetensors", json.loads(to_json(experiment(written)))
    values = {name: np.zeros(2, np.float32) for name in arrays.split()}
    save_checkpoint(path, Checkpoint(values, Progress(1, 1), options))
    begun = override(experiment(wanted, path), [] if system in ("segformer", "pix2pix") else ["weights.vgg=0"])
    if message is None:
        return check_paths(begun, tmp_path / "run")
    with pytest.raises(InputError, match=f"--from-weights {path}: holds .*{message}"):
        check_paths(begun, tmp_path / "run")


def test_first_weights_that_do_not_tell_their_options_pass_here(tmp_path):
    """Such as those of a version with other options; `read_initial` compares their arrays."""
    path = tmp_path / "first.safetensors"
    save_checkpoint(path, Checkpoint({"G.a": np.zeros(2, np.float32)}, Progress(1, 1), {"system": "tsit"}))
    run = RunConfig(total_nimg=1, initial=str(path))
    check_paths(override(Experiment("tsit", CONFIGS["tsit"](), run=run), ["weights.vgg=0"]), tmp_path / "run")


def test_first_weights_of_another_system_and_damaged_ones_are_refused_by_their_header(tmp_path):
    path = tmp_path / "first.safetensors"
    save_checkpoint(path, Checkpoint({"G.a": np.zeros(2, np.float32)}, Progress(1, 1), {"system": "spade"}))
    experiment = Experiment("pix2pix", CONFIGS["pix2pix"](), run=RunConfig(total_nimg=1, initial=str(path)))
    with pytest.raises(InputError, match="holds a model of spade; this run trains pix2pix"):
        check_paths(experiment, tmp_path / "run")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="cut short or not a checkpoint"):
        check_paths(experiment, tmp_path / "run")


def test_tensorboard_without_its_package_is_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    experiment = Experiment("pix2pix", CONFIGS["pix2pix"](), run=RunConfig(total_nimg=1, tensorboard=True))
    with pytest.raises(InputError, match="--tensorboard needs tensorboardX"):
        check_paths(experiment, tmp_path)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_system_tells_its_kind_of_data_and_its_disk_space(name, tmp_path):
    experiment = Experiment(
        name, CONFIGS[name](), DataConfig(image_width=256, image_height=256), RunConfig(total_nimg=1)
    )
    assert experiment.config.data_kind() in {**FINDERS, **FINDERS_WITH_NAMES}
    assert disk_space.need_of(experiment, tmp_path).checkpoint > 10**6
    assert check_experiment(experiment, tmp_path / "run", has_data=False) == []


def test_the_folder_of_a_run_must_be_writable(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    if shutil.which("true") and Path("/proc").is_dir():  # where nobody can write, not even root
        assert main([*PLAIN, "--run-dir", "/proc/run"]) == 2
        assert "cannot be written" in capsys.readouterr().err


def test_a_mistyped_run_is_not_begun_as_a_new_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs/mine").mkdir(parents=True)
    (tmp_path / "runs/mine/options.json").write_text("{}")
    assert main(["train", "--run-dir", "runs/mien"]) == 2
    assert "--run-dir runs/mien: holds no run; similar ones are mine" in capsys.readouterr().err
    assert not (tmp_path / "runs/mien").exists()


def test_an_option_with_dashes_is_told_how_it_is_written(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--total_nimg", "20"])
    assert "written NAME=VALUE, without dashes" in capsys.readouterr().err
