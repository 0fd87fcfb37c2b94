"""What every system promises."""

import dataclasses
import re

import jittor as jt
import numpy as np
import pytest

from helpers.rounding_spread import assert_within_spread, move_parameters, spread_of
from helpers.tiny import (
    ALL_CONFIGS,
    CONFIGS,
    HEIGHT,
    SIZES,
    WIDTH,
    executing,
    hold_batch_norm,
    make_batch,
    make_system,
    piece_of,
    record_step,
    train_once,
)
from jittor_tsit.config import Experiment, Phase
from jittor_tsit.config.phases import make_plan
from jittor_tsit.optim import trainable
from jittor_tsit.runtime.parallel import split_batch
from jittor_tsit.systems import SYSTEMS, system_class
from jittor_tsit.systems.draws import Noise, initial_draws


def arrays_of(system):
    return {name: var.numpy().copy() for name, var in system.state_dict().items()}


def system_parameters(system):
    """Names of what is trained in G."""
    nets = {name: net for name, net in system.networks.items() if name[0] == "G" and name != "G_ema"}
    return {key for name, net in nets.items() for key in trainable(net, f"{name}.")}


# Biases in front of a normalisation; and D's last, as long as hinge's two halves cancel (all logits within 1).
STILL = {
    "tsit": r"stream\.blocks|G\.blocks|G\.start|D\.scales\.\d\.convs|conv_logits",
    "spade": r"G\.blocks|G\.start|D\.scales\.\d\.convs|conv_logits",
    "oasis": r"G\.(conv_first|blocks)",
    "pix2pix": r"G\.(downs|ups)\.[1-9]|D\.convs",
    "cyclegan": r"G_(ab|ba)\.(stem|downs|blocks|ups)|D_[ab]\.convs",
    "bicyclegan": r"G\.(downs|ups)\.[1-9]|E\.layers\.\d\.conv0|D2?\.scales\.\d\.convs",
}


def has_no_gradient(name, key):
    """Whether a parameter of a system has no gradient at first: such biases, and self-attention but for its weight."""
    still = STILL.get(name.partition("-")[0], "^$")
    if getattr(ALL_CONFIGS[name], "gan_loss", None) == "wgan":  # shifts the logits of real and fake images alike
        still += "|logits"
    return ".attention.conv" in key or key.endswith(".bias") and re.search(still, key)


def test_every_system_has_a_tiny_config():
    assert {name.partition("-")[0] for name in CONFIGS} == set(SYSTEMS)


@pytest.mark.parametrize("name", ALL_CONFIGS)
def test_one_step_moves_every_parameter(name):
    system = make_system(name)
    before = arrays_of(system)
    with executing(name):
        train_once(system, [make_batch(system)])
    after = arrays_of(system)
    nets = {part: net for part, net in system.networks.items() if part != "G_ema"}
    keys = [key for part, net in nets.items() for key in trainable(net, f"{part}.")]
    trained = [key for key in keys if not has_no_gradient(name, key)]
    still = [key for key in trained if np.array_equal(before[key], after[key])]
    assert not still, f"no gradient for {sorted(still)}"


@pytest.mark.parametrize("name", ALL_CONFIGS)
def test_generated_images_have_the_inputs_size_and_range(name):
    system = make_system(name, is_training=False)
    with executing(name):
        image = system.generate(make_batch(system, size=2, with_image=False), Noise(0)).numpy()
    assert image.shape == (2, system.batch_kind.channels[1], HEIGHT, WIDTH)
    assert np.abs(image).max() <= 1 and image.std() > 0


# From here on not the systems' variants, each of which compiles for half a minute in each test.


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_same_seed_gives_the_same_step(name):
    results = []
    for _ in range(2):
        system = make_system(name)
        train_once(system, [make_batch(system)])
        results.append(arrays_of(system))
    for key, array in results[0].items():
        np.testing.assert_array_equal(array, results[1][key], err_msg=key)


@pytest.mark.parametrize("name", SYSTEMS)
def test_generating_leaves_the_state_alone(name):
    system = make_system(name)
    before = arrays_of(system)
    system.generate(make_batch(system), Noise(0)).sync()
    for key, array in arrays_of(system).items():
        np.testing.assert_array_equal(array, before[key], err_msg=key)
    train_once(system, [make_batch(system)])  # and training still moves what it did
    moved = [
        key
        for key, array in arrays_of(system).items()
        if key in system_parameters(system) and not np.array_equal(array, before[key])
    ]
    assert len(moved) > len(system_parameters(system)) / 2


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_state_put_into_another_system_gives_the_same_images(name):
    system = make_system(name)
    batch = make_batch(system)
    train_once(system, [batch])
    with initial_draws(5):
        other = system_class(name.partition("-")[0], CONFIGS[name])(CONFIGS[name], 29, HEIGHT, WIDTH, seed=0)
        other.prepare_training(terms=())
    other.load_state_dict(arrays_of(system), num_steps=1)
    images = [each.generate(batch, Noise(0)).numpy() for each in (system, other)]
    np.testing.assert_array_equal(*images)


@pytest.mark.parametrize("name", ALL_CONFIGS)
def test_rates_follow_phase_and_schedule_and_weights_the_phase(name):
    config = ALL_CONFIGS[name]
    optim = dataclasses.replace(config.optim, constant_nimg=100, decay_nimg=100, epoch_nimg=10)
    term, *others = vars(config.weights)
    phase = Phase(nimg=200, lr_G=2.0, lr_D=3.0, weights={term: 7.0})
    experiment = Experiment(name, dataclasses.replace(config, optim=optim), phases=(phase,))
    system = system_class(name.partition("-")[0], experiment.config)(experiment.config, 29, HEIGHT, WIDTH, seed=0)
    system.prepare_training(terms=())
    (phase,) = make_plan(experiment, [10])
    for nimg, factor in ((0, 1.0), (105, 1.0), (150, 0.5)):
        system.begin(phase, nimg)
        rates = {key: optimizer.lr for key, optimizer in system.optimizers.items()}
        assert rates == {key: {"G": 2.0, "D": 3.0}[key] * factor for key in system.optimizers}
    assert system.weights[term] == 7.0
    assert all(system.weights[other] == getattr(config.weights, other) for other in others)


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_batch_in_parts_gives_the_step_of_the_whole_but_for_batch_norm(name):
    assert [share.own for _, share in split_batch(0, 3, 2)] == [1, 2]

    def step(seed, num_parts=1):
        system = make_system(name)
        move_parameters(system, seed)
        hold_batch_norm(system)
        whole = make_batch(system, size=3)
        return record_step(system, [piece_of(whole, *piece) for piece in split_batch(0, 3, num_parts)])

    whole = step(0)
    assert_within_spread(step(0, num_parts=2), whole, spread_of(step, whole))


@pytest.mark.parametrize("name, share", [("simgan", 1.0), ("pix2pix", 0.5)])
def test_the_gradient_of_a_whole_batch_is_clipped(name, share):
    """Adam's first moment is after the first step `share` = 1 - beta1 of the gradient, SGD's is the gradient."""
    lengths, longest = {}, 5e-4
    for num_parts, clip_norm in ((1, 0.0), (1, longest), (2, longest)):
        system = make_system(name)
        hold_batch_norm(system)
        system.optim = dataclasses.replace(system.optim, clip_norm=clip_norm)
        whole = make_batch(system, size=2)
        train_once(system, [piece_of(whole, *piece) for piece in split_batch(0, 2, num_parts)])
        for key, optimizer in system.optimizers.items():
            mean = np.concatenate(
                [var.numpy().ravel() for name, var in optimizer.state_dict().items() if name.startswith("mean.")]
            )
            lengths[key, num_parts, clip_norm] = np.linalg.norm(mean) / share
    for key in system.optimizers:
        assert lengths[key, 1, 0.0] > 2 * longest
        for num_parts in (1, 2):  # 1e-6 is added to the length in clip_grad_norm_
            assert lengths[key, num_parts, longest] == pytest.approx(longest, rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", SYSTEMS)
def test_fifty_steps_stay_finite(name):
    system, terms = make_system(name, size=SIZES[name]), []
    batch = make_batch(system, 1, True, *SIZES[name])
    for step in range(50):
        terms += system.train_step([batch], step).values()
        jt.sync_all()
    assert np.isfinite(jt.concat([term.reshape(1) for term in terms]).numpy()).all()
    for key, array in arrays_of(system).items():
        assert np.isfinite(array).all(), key
