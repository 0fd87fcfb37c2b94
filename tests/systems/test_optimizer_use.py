"""One use of an optimizer by a system, on a loss that can be computed by hand."""

from typing import NamedTuple

import jittor as jt
import numpy as np
import pytest

from helpers.hand_steps import Toy
from jittor_tsit.config import OptimConfig
from jittor_tsit.optim import SGD, trainable
from jittor_tsit.runtime.parallel import Share
from jittor_tsit.systems.base import System

WEIGHTS = {"first": 2.0, "second": 0.5}
STARTS = 0.5, -0.25


class Part(NamedTuple):
    """A batch of numbers."""

    x: jt.Var
    share: Share


PARTS = [(3.0,), (-1.0, 4.0)]  # 2 in the mean
# d/dw0 of 2 mean(w0 x) + 0.5 mean(w1 x^2), and d/dw1; the mean of the squares is 26 / 3
GRADIENT = np.array([2 * 2, 0.5 * 26 / 3])


def made(**optim):
    """A system of two numbers with SGD."""
    system = System(OptimConfig(**optim), WEIGHTS, seed=0)
    system.networks["G"] = G = Toy(None, *STARTS)
    system.optimizers["G"] = SGD(trainable(G), lr=0.125, momentum=0.0)
    return system, G


def update(system, G):
    """One step over both parts; its terms."""
    parts = [Part(jt.array(np.float32(x)), Share(len(x), len(x), 3)) for x in PARTS]

    def terms_of(part):
        w0, w1 = G.numbers()
        return {"first": (w0 * part.x).mean(), "second": (w1 * part.x * part.x).mean()}

    return system.update("G", parts, terms_of, WEIGHTS)


def moved(G):
    """The gradient that the step has gone down."""
    return (np.array(STARTS) - [var.item() for var in G.numbers()]) / 0.125


def test_parts_count_by_their_images_and_terms_by_their_weights():
    system, G = made()
    terms = update(system, G)
    np.testing.assert_allclose(moved(G), GRADIENT, rtol=1e-5)  # roundings of 6e-8, of which a difference takes the rest
    assert terms["first"].item() == pytest.approx(STARTS[0] * 2, rel=1e-6)  # without their weights
    assert terms["second"].item() == pytest.approx(STARTS[1] * 26 / 3, rel=1e-6)


def test_gradients_of_a_scaled_loss_are_those_of_the_loss_itself():
    """In fp16 the loss is 65,536 times as large while its gradients are computed."""
    system, G = made()
    system.set_precision("fp16")
    assert list(system.extras["loss_scale_G"].state.numpy()) == [65536, 0]
    update(system, G)
    assert list(system.extras["loss_scale_G"].state.numpy()) == [65536, 1]  # it has held for one step
    np.testing.assert_allclose(moved(G), GRADIENT, rtol=1e-5)
    # and it is these that are told
    np.testing.assert_allclose(system.updates[-1].squared_norms.numpy(), GRADIENT**2, rtol=1e-5)


@pytest.mark.parametrize("precision", ["float32", "fp16"])
def test_a_gradient_is_shortened_to_the_length_asked_for_whatever_the_precision(precision):
    system, G = made(clip_norm=0.5)
    system.set_precision(precision)
    update(system, G)
    np.testing.assert_allclose(moved(G), GRADIENT / np.linalg.norm(GRADIENT) * 0.5, rtol=1e-5)


def test_a_scaled_step_that_overflows_moves_nothing_and_counts():
    system, G = made()
    system.set_precision("fp16")
    system.extras["loss_scale_G"].state.update(jt.array(np.float32([2.0**127, 7])))
    update(system, G)
    assert [var.item() for var in G.numbers()] == list(STARTS)
    assert list(system.extras["loss_scale_G"].state.numpy()) == [2.0**126, 0]
    assert system.optimizers["G"].num_steps == 1
