"""`train --from-weights`: a new run begins with a checkpoint's networks, or says by name why it cannot."""

import dataclasses

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.rendering.write_set import write_set
from helpers.official_files import convert
from helpers.official_modules import Modules
from helpers.same_bytes import digest
from helpers.tiny import HEIGHT, WIDTH, make_experiment, make_system
from jittor_tsit.commands.average import run_average
from jittor_tsit.config.overrides import override
from jittor_tsit.optim import trainable
from jittor_tsit.runs.checkpoint import Checkpoint, checkpoint_path, load_checkpoint, save_checkpoint
from jittor_tsit.runs.initial import read_initial
from jittor_tsit.systems.pix2pix import Pix2PixConfig
from jittor_tsit.training import session

STILL = ("optim.lr_G=0", "optim.lr_D=0", "total_nimg=2")  # the trained weights stay as they begin


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("set")
    write_set(root, 4, 0, WIDTH, HEIGHT)
    return root


@pytest.fixture(scope="module")
def source(root, tmp_path_factory):
    """A checkpoint of a run, after two steps."""
    run_dir = tmp_path_factory.mktemp("runs") / "source"
    assert session.run_training(make_experiment(root, total_nimg=2, snapshot_nimg=1, seed=5), run_dir) == 0
    return checkpoint_path(run_dir, 2)


def begin(root, run_dir, path, *options, experiment=None):
    """A run that begins with a file; its last checkpoint."""
    experiment = override(experiment or make_experiment(root), [f"initial={path}", *options])
    assert session.run_training(experiment, run_dir) == 0
    return load_checkpoint(checkpoint_path(run_dir, experiment.run.total_nimg))


def trained(name):
    """Names of what is trained in a system's networks, but for the average."""
    nets = {part: net for part, net in make_system(name).networks.items() if part != "G_ema"}
    return [key for part, net in nets.items() for key in trainable(net, f"{part}.")]


def test_a_new_run_begins_with_the_files_networks_and_new_optimizers(root, source, tmp_path):
    begun, given = begin(root, tmp_path / "run", source, *STILL), load_checkpoint(source).arrays
    for name in trained("tsit"):
        np.testing.assert_array_equal(begun.arrays[name], given[name], err_msg=name)
    assert begun.progress == (2, 2)
    assert begun.experiment["run"]["initial"] == str(source)
    log = (tmp_path / "run/log.txt").read_text()
    assert "from the start to 2\n" in log and f"networks from {source}: D, E, G, G_ema\n" in log
    assert "options differ" not in log


def test_the_first_step_is_that_of_new_optimizers(root, source, tmp_path):
    begun = begin(root, tmp_path / "run", source, "total_nimg=1", "seed=5", "status_nimg=1")
    moved, given = begun.arrays, load_checkpoint(source).arrays
    off = np.abs(moved["G.conv_image.weight"] - given["G.conv_image.weight"])
    assert 0 < off.max() <= 1.01e-4  # Adam's first step is the rate, 1e-4; a later one may be longer


def test_networks_that_the_file_lacks_are_new_and_named(root, source, tmp_path):
    average = tmp_path / "average.safetensors"
    assert run_average([source.with_name("state-000000001.safetensors"), source], None, 2, average) == 0  # without D
    begun = begin(root, tmp_path / "run", average, *STILL).arrays
    assert "E, G, G_ema; new: D" in (tmp_path / "run/log.txt").read_text()
    plain = make_experiment(root)
    assert session.run_training(override(plain, list(STILL)), tmp_path / "plain") == 0
    seeded = load_checkpoint(checkpoint_path(tmp_path / "plain", 2)).arrays
    for name in trained("tsit"):
        expected = seeded if name.startswith("D.") else load_checkpoint(average).arrays
        np.testing.assert_array_equal(begun[name], expected[name], err_msg=name)


def test_a_run_goes_on_from_its_own_checkpoint_without_the_file(root, source, tmp_path, capsys):
    whole = begin(root, tmp_path / "whole", source, "total_nimg=2")
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(source.read_bytes())
    begin(root, tmp_path / "run", copy, "total_nimg=1")
    copy.unlink()
    gone_on = begin(root, tmp_path / "run", copy, "total_nimg=2")
    assert f"{copy} was for its beginning and is not read" in capsys.readouterr().err
    for name, array in whole.arrays.items():
        np.testing.assert_array_equal(gone_on.arrays[name], array, err_msg=name)


def test_a_run_that_has_begun_takes_no_other_beginning(root, source, tmp_path):
    assert session.run_training(make_experiment(root, total_nimg=1), tmp_path) == 0
    with pytest.raises(InputError, match=r"--from-weights was not set, now .*only counts at the beginning of a run"):
        begin(root, tmp_path, source)


def test_a_converted_model_is_trained_on(root, tmp_path, rng):
    modules = Modules(rng, "instance")
    networks = {"G": modules.resnet(width=2, num_blocks=1, has_dropout=True)}
    converted = convert(tmp_path, "pix2pix", networks)
    config = Pix2PixConfig(generator="resnet", num_blocks=1, width=2, width_D=2, norm="instance")
    experiment = dataclasses.replace(make_experiment(root), system="pix2pix", config=config)
    begun = begin(root, tmp_path / "run", converted, *STILL, experiment=experiment).arrays
    theirs = set(map(digest, networks["G"].values()))
    assert {digest(array) for name, array in begun.items() if name.startswith("G.")} == theirs
    log = (tmp_path / "run/log.txt").read_text()
    assert "the model's options differ (there, here): config.source: images, labels" in log


@pytest.mark.parametrize(
    "change, message",
    [
        ("shape", r"x.safetensors: .*G.conv_image.bias has shape \(4,\), not \(3,\) \(1 such differences\)"),
        ("missing", r"lacks E.linear_mu.bias \(1 such"),
        ("extra", r"has G.more.weight, which this model lacks"),
        ("network", r"has D2.weight, which this model lacks"),
        ("system", "holds a model of spade; this run trains tsit"),
        ("nothing", "holds no network of tsit"),
        ("damaged", "x.safetensors: damaged: the array"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(source, tmp_path, change, message):
    checkpoint, path = load_checkpoint(source), tmp_path / "x.safetensors"
    arrays, experiment = dict(checkpoint.arrays), dict(checkpoint.experiment)
    if change == "shape":
        arrays["G.conv_image.bias"] = np.zeros(4, np.float32)
    elif change == "missing":
        del arrays["E.linear_mu.bias"]
    elif change in ("extra", "network"):
        arrays["G.more.weight" if change == "extra" else "D2.weight"] = np.zeros(1, np.float32)
    elif change == "system":
        experiment["system"] = "spade"
    elif change == "nothing":
        arrays = {name: array for name, array in arrays.items() if name.startswith("optimizer_")}
    save_checkpoint(path, Checkpoint(arrays, checkpoint.progress, experiment))
    if change == "damaged":
        data = path.read_bytes()
        place = data.index(arrays["G.conv_image.weight"].tobytes())
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    with pytest.raises(InputError, match=message):
        read_initial(path, make_system("tsit"), checkpoint.experiment)


def test_options_that_explain_a_shape_are_named(root, source, tmp_path):
    with pytest.raises(InputError, match=r"such differences\); the model's options differ .*config.width: 2, 3"):
        begin(root, tmp_path / "run", source, "width=3")
    assert not list((tmp_path / "run").glob("state-*"))


def test_an_average_begins_as_g_where_the_file_has_none_and_is_left_out_where_none_is_kept(source, tmp_path):
    checkpoint, path = load_checkpoint(source), tmp_path / "x.safetensors"
    arrays = {name: array for name, array in checkpoint.arrays.items() if not name.startswith("G_ema.")}
    save_checkpoint(path, checkpoint._replace(arrays=arrays))
    system = make_system("tsit")
    initial = read_initial(path, system, checkpoint.experiment)
    np.testing.assert_array_equal(initial.arrays["G_ema.conv_image.weight"], arrays["G.conv_image.weight"])
    del system.networks["G_ema"]
    assert read_initial(source, system, checkpoint.experiment).notes == [f"networks from {source}: D, E, G"]
