"""`convert` and `export` with official networks of other options than the published ones: dropout in residual blocks, a
ResNet for pix2pix, batch norm in BicycleGAN.
"""

import jittor as jt
import pytest

from data_tools.basics.errors import InputError
from helpers.official_files import assert_same_again, convert, one_of
from helpers.official_modules import Modules
from helpers.reference_vectors import assert_close
from helpers.same_bytes import digest
from helpers.weight_file_bytes import official_zip
from jittor_tsit.commands.from_official import run_convert
from jittor_tsit.layers.train_mode import evaluating
from jittor_tsit.runs.checkpoint import load_checkpoint
from jittor_tsit.runs.loading import load_system


def config_of(checkpoint):
    return load_checkpoint(checkpoint).experiment["config"]


def assert_nothing_else(checkpoint, networks):
    """Each array of the files is there under some name, but for counters, and no other."""
    ours = load_checkpoint(checkpoint).arrays
    theirs = [array for arrays in networks.values() for name, array in arrays.items() if "num_batches" not in name]
    own = [array for name, array in ours.items() if not name.startswith("official.")]
    assert sorted(map(digest, own)) == sorted(map(digest, theirs))


@pytest.mark.parametrize("norm", ["instance", "batch"])
@pytest.mark.parametrize("has_dropout", [True, False])
@pytest.mark.parametrize("system", ["cyclegan", "pix2pix"])
def test_a_resnet_with_dropout_or_without_comes_back_bit_for_bit(tmp_path, rng, system, has_dropout, norm):
    names = ("G_A", "G_B") if system == "cyclegan" else ("G",)
    networks = {name: Modules(rng, norm).resnet(width=2, num_blocks=3, has_dropout=has_dropout) for name in names}
    checkpoint = convert(tmp_path, system, networks)
    found = config_of(checkpoint)
    assert (found["num_blocks"], found["dropout"], found["norm"], found["width"]) == (3, has_dropout, norm, 2)
    assert found.get("generator", "resnet") == "resnet"
    load_system(checkpoint)
    assert_nothing_else(checkpoint, networks)
    assert_same_again(tmp_path, checkpoint, networks)


@pytest.mark.parametrize("upsampling", ["basic", "bilinear"])
@pytest.mark.parametrize("adds_to_all", [True, False])
@pytest.mark.parametrize("encoder", ["resnet", "conv"])
def test_bicyclegan_with_batch_norm_comes_back_bit_for_bit(tmp_path, rng, encoder, adds_to_all, upsampling):
    modules = Modules(rng, "batch")
    networks = {
        "G": modules.latent_unet(6, 2, 3, adds_to_all, upsampling),
        "E": modules.latent_encoder(encoder, 2, 3, 3),
        "D": modules.two_scale_patchgan(4, 2),
        "D2": modules.two_scale_patchgan(4, 2),
    }
    checkpoint = convert(tmp_path, "bicyclegan", networks)
    found = config_of(checkpoint)
    assert (found["norm"], found["encoder"], found["upsampling"]) == ("batch", encoder, upsampling)
    assert (found["num_layers_E"], found["num_layers_D"], found["num_levels"]) == (3, 2, 6)
    load_system(checkpoint)
    assert_nothing_else(checkpoint, networks)
    assert_same_again(tmp_path, checkpoint, networks)


def test_a_resnet_with_dropout_makes_in_evaluation_the_recorded_image_of_the_one_without(tmp_path):
    vectors = one_of(kind="netG", system="CycleGAN", norm="instance", n_blocks=6)
    moved = {name.replace(".conv_block.5.", ".conv_block.6."): a for name, a in vectors.group("param/").items()}
    made, _ = load_system(convert(tmp_path, "cyclegan", {"G_A": moved}))
    with jt.no_grad(), evaluating(made.G_ab):
        image = made.G_ab(jt.array(vectors["input/image"])).numpy()
    assert_close(vectors.thin("output/image", image), vectors["output/image"], 1e-4, "image")


def test_blocks_of_which_some_have_dropout_are_refused_by_name(tmp_path, rng):
    weights = Modules(rng, "instance").resnet(width=2, num_blocks=2, has_dropout=True)
    weights["model.11.conv_block.5.weight"] = weights.pop("model.11.conv_block.6.weight")
    with pytest.raises(InputError, match=r"missing model.11.conv_block.6.weight.*unexpected model.11.conv_block.5"):
        convert(tmp_path, "pix2pix", {"G": weights})


def test_dropout_that_the_arrays_contradict_is_refused(tmp_path, rng):
    weights = Modules(rng, "instance").resnet(width=2, num_blocks=2, has_dropout=False)
    with pytest.raises(InputError, match="dropout=True: the arrays say False"):
        convert(tmp_path, "pix2pix", {"G": weights}, "dropout=true")


def test_bicyclegan_without_batch_norm_takes_instance_norm_for_granted_and_says_so(tmp_path, rng, capsys):
    modules = Modules(rng, "instance")
    networks = {"G": modules.latent_unet(6, 2, 3, True, "basic"), "E": modules.latent_encoder("resnet", 2, 3, 3)}
    checkpoint = convert(tmp_path, "bicyclegan", networks)
    assert "norm=instance" in capsys.readouterr().out
    assert_same_again(tmp_path, checkpoint, networks)
    with pytest.raises(InputError, match=r"missing model.submodule.down.2.bias"):
        convert(tmp_path, "bicyclegan", networks, "norm=batch")
    networks["E"] = Modules(rng, "batch").latent_encoder("resnet", 2, 3, 3)
    with pytest.raises(InputError, match=r"unexpected conv.1.conv.0.bias"):
        convert(tmp_path, "bicyclegan", networks)


def test_pix2pixs_resnet_and_its_discriminator_are_told_apart_by_their_names(tmp_path, rng):
    networks = {"D": one_of(kind="netD", system="pix2pix", arch="nlayer", norm="batch").group("param/")}
    networks["G"] = Modules(rng, "batch").resnet(width=2, num_blocks=2, has_dropout=True)
    paths = [tmp_path / f"{ord(name)}.pth" for name in networks]
    for path, arrays in zip(paths, networks.values()):
        path.write_bytes(official_zip(arrays))
    assert run_convert([*map(str, paths)], "pix2pix", tmp_path / "ours.safetensors", ()) == 0
    assert_same_again(tmp_path, tmp_path / "ours.safetensors", networks)


def test_a_unet_is_none_of_cyclegans_networks(tmp_path):
    path = tmp_path / "latest_net_G_A.pth"
    path.write_bytes(official_zip(one_of(kind="netG", system="pix2pix").group("param/")))
    with pytest.raises(InputError, match=r"holds no network of cyclegan.*arrays are model\.model"):
        run_convert([str(path)], "cyclegan", tmp_path / "ours.safetensors", ())
