"""Training steps of networks so small that NumPy computes them in float64: losses, gradients and updates.

A network here is a function of a few numbers and of its inputs, made of operators that Vars and NumPy arrays share. The
system trains it in float32. Beside it the step is written down once more from the papers: its terms as formulas in
NumPy, its gradients as differences of the weighted sum, Adam and SGD as PyTorch documents them.
"""

from typing import Callable, Dict, List, NamedTuple, Tuple

import jittor as jt
import numpy as np
from jittor import nn

from jittor_tsit.config import OptimConfig
from jittor_tsit.data.batches import LabelledBatch, LabelledImages
from jittor_tsit.runtime.parallel import Share
from jittor_tsit.systems.draws import Noise

SIZE = 3  # images of a step
CUTS = (0, 1), (1, 3)  # the parts in which they go through the networks, of unequal size
SEED = 5
STEP = 1e-5  # of the differences; the formulas are piecewise quadratic or smooth
OPTIM = OptimConfig(lr_G=0.03, lr_D=0.02, betas=(0.5, 0.9))
Numbers = Dict[str, np.ndarray]  # of each network
Terms = Dict[str, Tuple[float, float]]  # weight, value


class Toy(nn.Module):
    """A network of a few numbers.

    Args:
        function: From the numbers and the inputs to the outputs.
    """

    shape = (1,)  # of each number

    def __init__(self, function: Callable, *numbers: float):
        self.function, self.count = function, len(numbers)
        for k, number in enumerate(numbers):
            setattr(self, f"w{k}", jt.array(np.full(self.shape, number, np.float32)))

    def execute(self, *inputs, **named):
        return self.function(self.numbers(), *inputs, **named)

    def __repr__(self):
        return f"{type(self).__name__} of {self.count} numbers"  # Jittor's never ends, for a function

    def numbers(self) -> List[jt.Var]:
        """The numbers, a Var each."""
        return [getattr(self, f"w{k}") for k in range(self.count)]


class Dropping(Toy):
    """A generator with dropout, which says that it needs one draw of an image's size."""

    def dropout_shapes(self, height: int, width: int):
        """As of the real ones."""
        return [(3, height, width)]


def mean(x, axes: Tuple[int, ...]):
    """Mean over axes, of a Var or of an array."""
    return x.mean(list(axes)) if isinstance(x, jt.Var) else x.mean(axes)


def join(parts, axis: int):
    """Vars or arrays one behind the other."""
    return (jt.concat if isinstance(parts[0], jt.Var) else np.concatenate)(list(parts), axis)


def drawn(kind: str, purpose: str, index, shape) -> np.ndarray:
    """What a system of this seed draws for images, in float64."""
    return getattr(Noise(SEED), kind)(purpose, index, shape).numpy().astype(np.float64)


def index_of(step: int) -> range:
    """Places of a step's images in the run."""
    return range(step * SIZE, (step + 1) * SIZE)


def images(step: int, *names: str) -> Dict[str, np.ndarray]:
    """Images [3, 3, 4, 4] in [-1, 1], others in every step."""
    rng = np.random.default_rng(step)
    return {name: rng.uniform(-1, 1, (SIZE, 3, 4, 4)).astype(np.float32).astype(np.float64) for name in names}


def parts_of(batch: type, arrays: Dict[str, np.ndarray], step: int, **fields) -> list:
    """The step's batches."""
    parts = []
    for first, last in CUTS:
        own = {name: jt.array(array[first:last].astype(np.float32)) for name, array in arrays.items()}
        place = {"index": index_of(step)[first:last], "share": Share(last - first, last - first, SIZE)}
        parts.append(batch(**own, **place, **fields))
    return parts


def labelled_parts(arrays_of_sets, step):
    """The step's batches of several sets of images with labels."""
    sets = [parts_of(LabelledImages, arrays, step, number=k) for k, arrays in enumerate(arrays_of_sets)]
    return [LabelledBatch(each) for each in zip(*sets)]


# The losses, from the papers.


def softplus(x):
    return np.logaddexp(0, x)


def positive(x):
    return np.maximum(x, 0)


GAN = {  # on real images, on generated ones, for the generator
    "hinge": (lambda x: positive(1 - x), lambda x: positive(1 + x), lambda x: -x),
    "lsgan": (lambda x: (x - 1) ** 2, lambda x: x**2, lambda x: (x - 1) ** 2),
    "vanilla": (lambda x: softplus(-x), softplus, lambda x: softplus(-x)),
    "wgan": (lambda x: -x, lambda x: x, lambda x: -x),
}
REAL, FAKE, GEN = range(3)


def gan(name: str, side: int, logits) -> float:
    """Mean over the pixels of each scale and over the scales."""
    return np.mean([GAN[name][side](x).mean() for x in logits])


def l1(x, y) -> float:
    return np.abs(x - y).mean()


def kl(mu, logvar) -> float:
    """Of N(mu, exp(logvar)) from N(0, 1), summed over dimensions and images as in SPADE's and BicycleGAN's code."""
    return -0.5 * (1 + logvar - mu**2 - np.exp(logvar)).sum()


def cross_entropy(logits, label) -> np.ndarray:
    """Along axis 1, for one-hot labels; of each image or pixel."""
    shifted = logits - logits.max(1, keepdims=True)
    return -(label * (shifted - np.log(np.exp(shifted).sum(1, keepdims=True)))).sum(1)


def penalty(logits_of: Callable, real, fake, alpha) -> float:
    """WGAN-GP's, of networks each of whose logits hangs on one pixel of one channel."""
    x = alpha * real + (1 - alpha) * fake
    slope = sum(up - down for up, down in zip(logits_of(x + STEP), logits_of(x - STEP))) / (2 * STEP)
    length = np.sqrt((slope**2).reshape(len(x), -1).sum(1))
    return ((length - 1) ** 2).mean()


# The optimizers.


class Adam:
    """torch.optim.Adam with L2, and AdamW's decay."""

    def __init__(self, lr: float, betas: Tuple[float, float], l2=0.0, decay=0.0):
        self.lr, self.betas, self.l2, self.decay = lr, betas, l2, decay
        self.count, self.mean, self.square = 0, 0.0, 0.0

    def moved(self, numbers: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The numbers after a step."""
        gradient, (beta1, beta2) = gradient + self.l2 * numbers, self.betas
        self.count += 1
        self.mean = beta1 * self.mean + (1 - beta1) * gradient
        self.square = beta2 * self.square + (1 - beta2) * gradient**2
        root = np.sqrt(self.square / (1 - beta2**self.count)) + 1e-8
        numbers = numbers * (1 - self.lr * self.decay)
        return numbers - self.lr * self.mean / (1 - beta1**self.count) / root


def adams(l2=0.0) -> dict:
    """Of a system with the options `OPTIM`."""
    return {"G": Adam(OPTIM.lr_G, OPTIM.betas, l2), "D": Adam(OPTIM.lr_D, OPTIM.betas, l2)}


class SGD:
    """torch.optim.SGD with momentum."""

    def __init__(self, lr: float, momentum: float):
        self.lr, self.momentum, self.velocity = lr, momentum, 0.0

    def moved(self, numbers: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The numbers after a step."""
        self.velocity = self.momentum * self.velocity + gradient
        return numbers - self.lr * self.velocity


class Update(NamedTuple):
    """One use of an optimizer."""

    group: str  # of the names of the terms: "G" in "G/gan"
    optimizer: str
    nets: Tuple[str, ...]  # that it moves, in the order of their names in the optimizer
    terms_of: Callable[[Numbers, Numbers], Terms]  # from the numbers, and from copies that are constants


def check_steps(system, toys: Dict[str, Toy], optimizers: dict, parts_at: Callable, updates_at: Callable, steps: int):
    """Terms, gradients and numbers of every step, of the system and of NumPy.

    Operators run one by one: fused ones would be others in every system, and take minutes to compile.

    Args:
        toys: By the name that `updates_at` gives them.
        optimizers: By name, those of this module.
        parts_at: From the step to its batches.
        updates_at: From the step to its `Update`s.
    """
    numbers = {name: np.array([var.item() for var in toy.numbers()]) for name, toy in toys.items()}
    gradients = {name: _all_gradients(optimizer) for name, optimizer in system.optimizers.items()}
    for step in range(steps):
        with jt.flag_scope(lazy_execution=0):
            terms = {name: term.item() for name, term in system.train_step(parts_at(step), step).items()}
        expected = {}
        for update in updates_at(step):
            found = update.terms_of(numbers, numbers)
            expected.update({f"{update.group}/{name}": value for name, (_, value) in found.items()})
            gradient = _gradient(update, numbers)
            assert_near(gradients[update.optimizer].pop(0), gradient, f"step {step}, gradient of {update.group}")
            _move(update, numbers, optimizers[update.optimizer], gradient)
        assert not any(gradients.values()), f"step {step}: an update too many"
        assert set(terms) == set(expected)
        for name, value in expected.items():
            # float32 means of a hundred numbers, each of a few roundings of 6e-8
            assert abs(terms[name] - value) <= 2e-5 * max(1, abs(value)), (step, name, terms[name], value)
        for name, toy in toys.items():
            assert_near(np.array([var.item() for var in toy.numbers()]), numbers[name], f"step {step}, {name}")


def _move(update: Update, numbers: Numbers, optimizer, gradient: np.ndarray) -> None:
    moved = optimizer.moved(np.concatenate([numbers[name] for name in update.nets]), gradient)
    for name in update.nets:
        numbers[name], moved = np.split(moved, [len(numbers[name])])


def assert_near(ours: np.ndarray, other: np.ndarray, what: str) -> None:
    """To 1e-4 of the largest: differences that add up some hundred float32 products and cancel in part."""
    assert np.abs(ours - other).max() <= 1e-4 * np.abs(other).max(), (what, ours, other)


def _gradient(update: Update, numbers: Numbers) -> np.ndarray:
    """Central differences of the weighted sum."""
    found = []
    for net in update.nets:
        for k in range(len(numbers[net])):
            totals = []
            for sign in (1, -1):
                moved = {name: array.copy() for name, array in numbers.items()}
                moved[net][k] += sign * STEP
                totals.append(sum(weight * value for weight, value in update.terms_of(moved, numbers).values()))
            found.append((totals[0] - totals[1]) / (2 * STEP))
    return np.array(found)


def _all_gradients(optimizer) -> List[np.ndarray]:
    """The gradients of each of the optimizer's steps, added to the list as they come."""
    kept, apply = [], optimizer.apply

    def keeping(gradients):
        kept.append(np.array([gradient.item() for gradient in gradients.values()]))
        apply(gradients)

    optimizer.apply = keeping
    return kept
