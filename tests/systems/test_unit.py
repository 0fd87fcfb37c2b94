"""UNIT: the rewrite's distance of features, and the adaptation of a classifier."""

import dataclasses

import jittor as jt
import numpy as np
import pytest

from data_tools.basics.errors import InputError
from helpers.tiny import CONFIGS, HEIGHT, WIDTH, make_batch, make_experiment, make_system
from jittor_tsit.config.overrides import override
from jittor_tsit.networks.unit_digits import DROPOUT, A, B, coordinates
from jittor_tsit.networks.vgg import STAGES
from jittor_tsit.systems import system_class
from jittor_tsit.systems.unit import REWRITE_WEIGHTS, UNITConfig
from jittor_tsit.systems.unit_digits import UNITDigitsConfig, UNITDigitsSystem


@pytest.fixture(scope="module")
def vgg_file(tmp_path_factory):
    """A VGG-16 of width 2 with random weights."""
    path, rng = tmp_path_factory.mktemp("vgg") / "vgg.npz", np.random.default_rng(0)
    indices = [index for stage in STAGES["vgg16"] for index in stage]
    arrays = {f"features.{k}.weight": rng.standard_normal((2, 2 if k else 3, 3, 3)) for k in indices}
    np.savez(path, **arrays, **{f"features.{k}.bias": rng.standard_normal(2) for k in indices})
    return path


def test_the_rewrite_keeps_an_images_features(vgg_file):
    weights = dataclasses.replace(REWRITE_WEIGHTS, vgg=1.0)
    config = UNITConfig(
        "rewrite",
        num_blocks=1,
        num_layers_D=1,
        width=2,
        width_D=2,
        gan_loss="lsgan",
        weights=weights,
        perceptual_weights=str(vgg_file),
    )
    system = system_class("unit", config)(config, 29, 32, 64, seed=0)
    system.prepare_training(terms={"vgg"})
    batch = make_batch(system, height=32, width=64)
    terms = system.train_step([batch], 0)
    assert all(terms[f"G/vgg_{side}"].item() > 0 for side in "ab")
    image = batch.a[:1]
    distance = (system.content(image) - system.content(image * 0.3)).sqr().mean()
    assert jt.grad(distance, image).abs().sum().item() > 0


@pytest.mark.parametrize("options", [{"perceptual_weights": "vgg.npz"}, {"form": "rewrite", "gan_loss": "lsgan"}])
def test_features_without_rewrite_or_weights_are_refused(options):
    config = UNITConfig(width=2, width_D=2, num_layers_D=1, num_blocks=1, **options)
    system = system_class("unit", config)(config, 29, 32, 64, seed=0)
    with pytest.raises(InputError, match="weights.vgg: needs form=rewrite and perceptual_weights=FILE"):
        system.prepare_training(terms={"vgg"})


def digits(**options):
    """A system for 32 x 32 images."""
    system = UNITDigitsSystem(UNITDigitsConfig(classes=("a", "b"), width=1, width_D=1, **options), 29, 32, 32, seed=0)
    system.prepare_training(terms=())
    return system


def test_pixels_know_their_place_as_officially():
    grid = coordinates(jt.zeros(2, 3, 32, 32)).numpy()
    assert grid.shape == (2, 2, 32, 32)
    for row, column in ((0, 0), (16, 5), (31, 31)):
        np.testing.assert_allclose(grid[1, :, row, column], [(row - 16) / 16, (column - 16) / 16])


def test_only_the_first_layers_know_the_side():
    D = digits().D
    image = jt.array(np.random.default_rng(0).uniform(-1, 1, (2, 3, 32, 32)).astype(np.float32))
    grey = image.mean(1, keepdims=True)
    apart = D.classify(image, A).numpy(), D.classify(grey, B).numpy()
    assert not np.allclose(*apart)
    D.fronts[B].weight, D.fronts[B].bias = D.fronts[A].weight.sum(1, keepdims=True), D.fronts[A].bias
    alike = D.classify(jt.concat([grey] * 3, 1), A).numpy(), D.classify(grey, B).numpy()
    np.testing.assert_allclose(*alike, atol=1e-5)


def test_terms_are_the_official_ones(rng):
    system = digits()
    batch = make_batch(system, size=2, height=32, width=32)
    terms = {key: var.item() for key, var in system.generator_terms(batch).items()}
    a, b = (system.to_channels(each.image, side) for each, side in zip(batch.sets, (A, B)))
    made = system.run_generator(a, b, batch, "G")
    mu, sigma, aa, real = (var.numpy().astype(np.float64) for var in (made.mu, made.sigma, made.aa, a))
    divergence = (mu**2 + sigma**2 - np.log(sigma**2)).sum() / len(mu)
    assert terms["kl"] == pytest.approx(2 * divergence, rel=1e-4)
    assert terms["rec_a"] == pytest.approx(((aa - real) ** 2).mean() * 3 * 32 * 32, rel=1e-4)
    assert made.bb.shape == [2, 1, 32, 32] and made.mu.shape[0] == 4


def test_dropout_leaves_out_the_official_shares():
    system = digits(channels=(3, 3))
    batch = make_batch(system, size=40, height=32, width=32)
    for draws, share in zip(system.dropout_masks(batch.sets, "D"), DROPOUT):
        kept = draws.numpy()
        assert kept.shape[0] == 80
        # six deviations of a mean of that many coins
        assert abs(kept.mean() - (1 - share)) < 6 * np.sqrt(share * (1 - share) / kept.size)


def test_classifying_draws_nothing_and_knows_both_sides():
    system = make_system("unit_digits")
    image = make_batch(system, size=2).sets[0].image
    for side in (A, B):
        first, second = system.classify(image, side), system.classify(image, side)
        assert first.shape == (2,) and set(first) <= {0, 1}
        np.testing.assert_array_equal(first, second)
    assert system.translate(image, A, B).shape == [2, 3, HEIGHT, WIDTH]


@pytest.mark.parametrize(
    "option, message",
    [
        ("channels=2,1", r"channels=\(2, 1\): must be two numbers, each 1 or 3"),
        ("classes=a,a", "classes=.*: must be two or more, each once"),
        ("width=0", "width=0: must be at least 1"),
    ],
)
def test_faulty_options_are_named(option, message):
    experiment = dataclasses.replace(make_experiment("set"), system="unit_digits", config=CONFIGS["unit_digits"])
    with pytest.raises(InputError, match=message):
        override(experiment, [option])


def test_an_image_size_that_does_not_halve_four_times_is_refused():
    with pytest.raises(InputError, match="image size 40x32: unit_digits needs multiples of 16"):
        UNITDigitsSystem(UNITDigitsConfig(), 29, 32, 40, seed=0)
