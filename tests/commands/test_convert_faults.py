"""`convert` and `export` refuse what is wrong in one line that names the file and the arrays, and write nothing."""

from pathlib import Path

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from helpers.official_files import convert, encoder_for, one_of, options_of, with_code
from helpers.weight_file_bytes import jittor_bytes, official_zip
from jittor_tsit.commands.from_official import run_convert, split_words
from jittor_tsit.commands.to_official import run_export
from jittor_tsit.runs.checkpoint import Checkpoint, Progress, load_checkpoint, save_checkpoint

pytestmark = pytest.mark.reference


@pytest.fixture
def spade():
    """Weights of a generator, the options that they do not tell, and all options of the file."""
    vectors = one_of(kind="generator", system="SPADE", mode="eval", network="SPADEGenerator (more)")
    return vectors.group("param/"), options_of(vectors), vectors.options


def refused(folder, system, networks, *options):
    """The one line with which files are refused, after which there is no checkpoint."""
    with pytest.raises(InputError) as caught:
        convert(folder, system, networks, *options)
    assert not (folder / "ours.safetensors").exists() and "\n" not in str(caught.value)
    return str(caught.value)


def test_every_wrong_array_is_named(tmp_path, spade):
    weights, options, _ = spade
    conv = weights.pop("conv_img.bias")
    del weights["up_3.conv_0.weight_u"]
    weights["extra.weight"] = conv
    weights["up_2.conv_1.bias"] = np.zeros(3, np.float32)
    said = refused(tmp_path, "spade", {"G": weights}, *options)
    for fault in (
        "latest_net_G.pth: ",
        "missing conv_img.bias",
        "missing up_3.conv_0.weight_u",
        "unexpected extra.weight",
        "up_2.conv_1.bias has shape (3,)",
    ):
        assert fault in said


def test_an_image_size_that_the_start_contradicts_is_named(tmp_path):
    vectors = with_code({"kind": "generator", "system": "TSIT", "mode": "eval"})
    networks, side = {"G": vectors.group("param/"), "E": encoder_for(vectors)}, 3 * vectors.options["crop_size"] // 2
    said = refused(tmp_path, "tsit", networks, f"image_width={side}", f"image_height={side}")
    wanted = f"(with image_width={side}, image_height={side}, num_classes={vectors.options['label_nc']}"
    assert "fc.weight has shape" in said and wanted in said


def test_options_that_contradict_the_arrays_are_refused(tmp_path, spade):
    weights, options, official = spade
    width, classes = official["ngf"], official["label_nc"]
    said = refused(tmp_path, "spade", {"G": weights}, *options, f"width={width + 1}")
    assert f"width={width + 1}: the arrays say {width}" in said
    said = refused(tmp_path, "spade", {"G": weights}, *options, f"num_classes={classes + 1}")
    assert f"num_classes={classes + 1}" in said and str(classes) in said
    assert "no such field" in refused(tmp_path, "spade", {"G": weights}, *options, "widht=3")


def test_a_file_of_another_system_or_network_is_refused(tmp_path, spade):
    weights, _, _ = spade
    path = tmp_path / "x.pth"
    path.write_bytes(official_zip(weights))
    for system in ("pix2pix", "cyclegan", "unit", "bicyclegan", "stargan", "simgan"):
        with pytest.raises(InputError, match=f"x.pth: holds no network of {system}"):
            run_convert([str(path)], system, tmp_path / "ours.safetensors", ())
    with pytest.raises(InputError, match="both hold G"):
        run_convert([str(path), str(path)], "spade", tmp_path / "ours.safetensors", ())
    with pytest.raises(InputError, match="must end in .safetensors"):
        run_convert([str(path)], "spade", tmp_path / "ours.pth", ())


def test_names_that_tell_no_direction_ask_for_one(tmp_path):
    weights = one_of(kind="netG", system="CycleGAN", norm="instance").group("param/")
    path = tmp_path / "horse2zebra.pth"
    path.write_bytes(official_zip(weights))
    with pytest.raises(InputError, match="may be any of G_A, G_B; name the network: G_A="):
        run_convert([str(path)], "cyclegan", tmp_path / "ours.safetensors", ())
    path = path.rename(tmp_path / "latest_net_G_B.pth")
    with pytest.raises(InputError, match="lacks G_A"):  # the file's own name told which it is
        run_convert([str(path)], "cyclegan", tmp_path / "ours.safetensors", ())


def test_a_missing_encoder_is_asked_for(tmp_path):
    vectors = with_code({"kind": "generator", "system": "TSIT", "mode": "eval"})
    assert "lacks E" in refused(tmp_path, "tsit", {"G": vectors.group("param/")}, *options_of(vectors))


def test_numbers_that_float32_cannot_hold_are_refused(tmp_path, spade):
    weights, options, _ = spade
    weights["conv_img.bias"] = np.array([1 / 3, 0, 0])
    with pytest.raises(InputError, match=r"float32 cannot hold: conv_img.bias \(float64\)"):
        convert(tmp_path, "spade", {"G": weights}, *options, write=jittor_bytes)


def test_a_checkpoint_with_self_attention_is_not_exported(tmp_path, spade):
    weights, options, _ = spade
    checkpoint = load_checkpoint(convert(tmp_path, "spade", {"G": weights}, *options))
    checkpoint.experiment["config"]["attention_D"] = 2
    save_checkpoint(tmp_path / "other.safetensors", checkpoint)
    with pytest.raises(InputError, match="attention_D=2"):
        run_export(tmp_path / "other.safetensors", tmp_path / "official")
    assert not (tmp_path / "official").exists()


def test_a_checkpoint_that_names_no_system_is_not_exported(tmp_path):
    save_checkpoint(tmp_path / "other.safetensors", Checkpoint({}, Progress(0, 0), {}))
    with pytest.raises(InputError, match="other.safetensors: is of system None; there are tsit"):
        run_export(tmp_path / "other.safetensors", tmp_path / "official")


def test_words_are_files_or_options_and_a_file_may_be_called_like_an_option(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "width=1.pth").touch()
    words = ["absent.pth", "folder/a=b.pth", "width=3", "width=1.pth", "G=other.pth", "direction=BtoA", "optim.lr_G=1"]
    files, options = split_words(words, "tsit")
    unnamed = ["absent.pth", "folder/a=b.pth", "width=1.pth"]
    assert sorted(files) == sorted([*(("", Path(name)) for name in unnamed), ("G", Path("other.pth"))])
    assert options == ["width=3", "direction=BtoA", "optim.lr_G=1"]
