"""The commands as a user types them: end to end once, and every fault of the user in one line with status 2.

Each process that imports Jittor takes a second of computing. So one fault of each command is tested in a process of its
own; the others call `main` with the same words.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from data_tools.__main__ import COMMANDS as TOOLS
from data_tools.rendering.write_set import write_set
from data_tools.sets.image_io import read_header
from helpers.same_bytes import assert_same_bytes
from helpers.tiny import HEIGHT, WIDTH
from jittor_tsit.__main__ import COMMANDS, main

ROOT = Path(__file__).parents[2]
EXPERIMENT = """
from jittor_tsit.config import DataConfig, Experiment, RunConfig
from jittor_tsit.systems.tsit import TSITConfig, TSITWeights

experiment = Experiment(
    "tsit",
    TSITConfig(width=2, width_D=2, weights=TSITWeights(vgg=0)),
    DataConfig(image_width=256, image_height=128),
    RunConfig(total_nimg=2, status_nimg=1, snapshot_nimg=2, grid_rows=1),
)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a tiny set, an experiment and, after the first test, a run."""
    place = tmp_path_factory.mktemp("place")
    write_set(place / "set", 3, 0, WIDTH, HEIGHT, test_count=2)
    (place / "tiny.py").write_text(EXPERIMENT)
    return place


def command(place, *words):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "jittor_tsit", *map(str, words)],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.fixture
def main_in(monkeypatch, capsys):
    """Runs a command in this process, in a folder of its own choice; returns what `command` returns."""

    def run(place, *words):
        monkeypatch.chdir(place)
        capsys.readouterr()
        try:
            status = main([*map(str, words)])
        except SystemExit as end:  # argparse ends the process by it
            status = end.code
        said = capsys.readouterr()
        return subprocess.CompletedProcess(words, status, said.out, said.err)

    return run


TRAIN = ("train", "--data", "set", "--experiment", "tiny.py")


@pytest.fixture(scope="module")
def run(place):
    """A finished run and its submission."""
    for words in (TRAIN, ("test", "--compare")):
        result = command(place, *words)
        assert result.returncode == 0, result.stderr
    return place / "runs/tiny"


def error_of(result):
    """The one line of a refused command."""
    assert result.returncode == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    errors = [line for line in result.stderr.splitlines() if "error: " in line]
    assert len(errors) == 1, result.stderr
    return errors[0]


def test_train_and_test_end_with_a_submission(run):
    with zipfile.ZipFile(run / "test/submission.zip") as archive:
        assert archive.namelist() == ["synth_500000.jpg", "synth_500001.jpg"]
    assert read_header(run / "test/images/synth_500000.jpg")[:2] == (512, 384)
    assert (run / "test/compare.png").exists()


def test_a_dry_run_prints_the_options_and_touches_nothing(place, main_in):
    result = main_in(place, *TRAIN, "--dry-run", "--run-dir", "dry", "width=3")
    assert json.loads(result.stdout)["config"]["width"] == 3
    assert not (place / "dry").exists()


@pytest.mark.parametrize(
    "words, message",
    [
        ((*TRAIN[:3], "--experiment", "absent.py"), "absent.py: no such experiment file"),
        ((*TRAIN, "widht=3"), "widht: no such field; similar options are width, "),
        ((*TRAIN, "width=x"), "width=x: not a whole number"),
        ((*TRAIN, "image_width=200"), "200x128: TSIT needs multiples of 128"),
        ((*TRAIN, "batch_size=4", "total_nimg=4"), "3 samples, fewer than batch_size=4"),
        ((*TRAIN, "--run-dir", "vgg", "weights.vgg=1", "perceptual_weights=absent.pth"), "absent.pth: no such file"),
        ((*TRAIN, "split=absent.txt"), "absent.txt"),
        ((*TRAIN, "--run-dir", "tiny.py/run"), "tiny.py"),
        (("test", "--checkpoint", "tiny.py"), "tiny.py: is a text"),
        (("test", "--data", "absent"), "absent"),
        (("test", "--seed", "-1"), "not a whole number"),
        (("test", "field=value"), "unrecognized arguments: field=value"),
        ((*TRAIN, "num_scales_D=0"), "num_scales_D=0: must be at least 1"),
        ((*TRAIN, "seed=-1"), "seed=-1: allowed are 0"),
        ((*TRAIN, "optim.lr_G=nan"), "optim.lr_G=nan: not a number"),
        ((*TRAIN, "form=ast"), "trainA: no such folder"),
        (("train", "--fast"), "unrecognized arguments: --fast"),
        ((*TRAIN, "--on-nan", "wait"), "invalid choice: 'wait' (choose from"),
        ((*TRAIN, "--run-dir", "begun", "--from-weights", "absent.pth"), "--from-weights absent.pth: no such file"),
        ((*TRAIN, "--run-dir", "begun", "--from-weights", "tiny.py"), "tiny.py: is a text"),
        ((*TRAIN, "optim.clip_norm=-1"), "optim.clip_norm=-1.0: must be 0 or more"),
        (("convert", "--from", "tiny.py", "--system", "tsit", "--out", "x.safetensors"), "tiny.py: is a text"),
        (("convert", "--from", "tiny.py", "--system", "dalle", "--out", "x.safetensors"), "invalid choice: 'dalle'"),
    ],
)
def test_a_users_mistake_gets_one_line_and_status_2(place, run, main_in, words, message):
    assert message in error_of(main_in(place, *words))


@pytest.mark.parametrize(
    "words, message",
    [
        (("train", "--data", "absent"), "--data absent: no such folder"),
        (("test", "--run-dir", "absent"), "--run-dir absent: no such folder"),
        (("convert", "--from", "absent.pth", "--system", "tsit", "--out", "x.safetensors"), "absent.pth: no such file"),
        (("export", "--checkpoint", "tiny.py", "--out", "x"), "tiny.py: is a text"),
        (("paint",), "no command paint; similar ones are plant"),
    ],
)
def test_a_mistake_ends_the_process_with_status_2(place, words, message):
    assert message in error_of(command(place, *words))


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda place: (place / "train/imgs/synth_000001.jpg").unlink(), "1 label has no photo"),
        (lambda place: (place / "train/labels/synth_000001.png").unlink(), "1 photo has no label"),
        (lambda place: (place / "train/imgs/synth_000001.jpg").write_bytes(b""), "synth_000001.jpg"),
        (lambda place: cut(place / "train/imgs/synth_000001.jpg"), "synth_000001.jpg"),
        (lambda place: cut(place / "train/labels/synth_000001.png"), "synth_000001.png"),
        (lambda place: repaint(place / "train/labels/synth_000001.png", 29), "class id 29"),
        (lambda place: repaint(place / "train/labels/synth_000001.png", None), "labels --from-colors"),
        (lambda place: (place / "train/imgs/synth_000001.png").write_bytes(b"x"), "synth_000001"),
        (lambda place: [path.unlink() for path in (place / "train").glob("*/*")], "holds no photos"),
    ],
)
def test_faulty_data_gets_one_line_and_status_2(tmp_path, main_in, damage, message):
    write_set(tmp_path / "set", 3, 0, WIDTH, HEIGHT)
    damage(tmp_path / "set")
    (tmp_path / "tiny.py").write_text(EXPERIMENT)
    assert message in error_of(main_in(tmp_path, *TRAIN))
    assert not list(tmp_path.glob("runs/*/state-*"))


def test_the_same_training_gives_the_same_bytes(place, run):
    run.rename(place / "first")
    again = command(place, *TRAIN)  # the grid shows the name of the run's folder
    assert again.returncode == 0, again.stderr
    for name in ("state-000000002.safetensors", "grid-000000002.png"):
        assert_same_bytes(run / name, place / "first" / name)
    shutil.rmtree(run)
    (place / "first").rename(run)  # with the results of `test`, for the tests after this one


def test_on_nan_is_an_option_of_its_own(place, main_in):
    shown = main_in(place, *TRAIN, "--run-dir", "new", "--dry-run", "--on-nan", "skip", "optim.clip_norm=1")
    options = json.loads(shown.stdout)
    assert options["run"]["on_nan"] == "skip" and options["config"]["optim"]["clip_norm"] == 1.0


def test_an_exported_and_converted_checkpoint_makes_the_same_images(place, run, main_in):
    checkpoint = next(run.glob("state-*.safetensors"))
    exported = command(place, "export", "--checkpoint", checkpoint, "--out", "official")
    assert exported.returncode == 0, exported.stderr
    files = [f"official/latest_net_{name}.pth" for name in "GED"]
    words = ("--system", "tsit", "image_width=256", "--out", "ours/tsit.safetensors", "image_height=128")
    size = ("output_width=512", "output_height=384")
    converted = command(place, "convert", "--from", *files, *words, *size)
    assert converted.returncode == 0, converted.stderr
    made = command(place, "test", "--checkpoint", "ours/tsit.safetensors", "--data", "set/test")
    assert made.returncode == 0, made.stderr
    for image in (run / "test/images").iterdir():
        assert_same_bytes(place / "ours/test/images" / image.name, image)
    assert "name a folder by --data" in error_of(main_in(place, "test", "--checkpoint", "ours/tsit.safetensors"))


def cut(path):
    path.write_bytes(path.read_bytes()[:200])


def repaint(path, value):
    """The label map with one id, or as a picture in colours."""
    from PIL import Image

    Image.new("RGB" if value is None else "I;16", (WIDTH, HEIGHT), value or (9, 0, 0)).save(path)


def test_a_checkpoint_of_another_configuration_is_refused(place, run, main_in):
    message = error_of(main_in(place, *TRAIN, "--run-dir", run, "width=4"))
    assert "width was 2, now 4; go on with the old values" in message


def test_a_split_takes_part_of_the_set_and_may_stand_before_the_options(place):
    (place / "split.txt").write_text("synth_000000\nsynth_000002\n")
    result = command(
        place, "train", "total_nimg=1", "snapshot_nimg=1", *TRAIN[1:], "--split", "split.txt", "--run-dir", "split"
    )
    assert result.returncode == 0, result.stderr
    assert "on 2 samples" in result.stderr


def test_a_faulty_set_can_be_trained_on_by_the_list_that_curation_makes(place, main_in):
    write_set(place / "faulty", 4, 1, WIDTH, HEIGHT)
    (place / "faulty/train/imgs/synth_000001.jpg").write_bytes(b"rotten")
    (place / "faulty/train/labels/synth_000003.png").unlink()
    curate = [sys.executable, "-m", "data_tools", "curate", "--data", "faulty", "--out", "lists", "--keep", "2,2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(curate, cwd=place, env=environment, capture_output=True, text=True)
    assert result.returncode == 1, result.stderr  # it names the two
    words = ("--experiment", "tiny.py", "--run-dir", "chosen", "total_nimg=1", "snapshot_nimg=1")
    result = command(place, "train", "--data", "faulty", *words, "--split", "lists/selection_2.txt")
    assert result.returncode == 0, result.stderr
    assert "on 2 samples" in result.stderr
    assert "synth_000003.jpg" in error_of(main_in(place, "train", "--data", "faulty", *words, "--run-dir", "all"))


def test_run_sh_lists_its_commands():
    script = ["bash", str(ROOT / "run.sh")]
    shown = subprocess.run([*script, "help"], capture_output=True, text=True)
    unknown = subprocess.run([*script, "paint"], capture_output=True, text=True)
    assert shown.returncode == 0 and unknown.returncode == 2
    assert "no command paint" in unknown.stderr and unknown.stderr.count("\n") == 1
    listed = re.findall(r"^    ([a-z-]+)", shown.stdout, re.M)
    names = [module.__name__.rpartition(".")[2] for module in (*COMMANDS, *TOOLS)]
    assert listed == [*("check-data" if name == "check" else name for name in names), "check", "lint", "help"]


def test_run_sh_says_what_to_install_when_there_is_no_compiler(tmp_path):
    for tool in ("bash", "dirname", "cksum", "cat", "python3"):
        (tmp_path / tool).symlink_to(sys.executable if tool == "python3" else shutil.which(tool))
    (tmp_path / "project").mkdir()
    for name in ("run.sh", "setup.py"):
        shutil.copy(ROOT / name, tmp_path / "project")
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    result = subprocess.run(
        ["bash", str(tmp_path / "project/run.sh"), "train"], env=environment, capture_output=True, text=True
    )
    assert result.returncode == 2
    assert result.stderr == "error: g++ is missing; on Debian or Ubuntu: sudo apt-get install g++\n"


def test_doctor_says_what_works(place):
    result = command(place, "doctor")
    assert result.returncode == 0
    for thing in ("Python", "g++", "oneDNN", "CUDA", "MPI", "Jittor"):
        assert thing in result.stdout
    assert "computes" in result.stdout
