"""Comparing recorded training steps of an official trainer with ours, in float64 and in float32.

The files hold the official float32 results, and for each array its distance from the official float64 result. Our
float64 run is compared with the float32 results and must have that distance: nothing is left to chance.

In float32 two correct runs part: Adam's first update is +-lr for any gradient, also for one that is rounding alone. So
each part of a step is compared by itself. Losses, images and gradients are those of the float64 run; then the optimizer
takes the float64 run's gradients, and the parameters must become those of the float64 run. Each of these is a
continuous function of what goes in, but for the gradients at kinks, for which see kinks.py.
"""

from functools import lru_cache
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

import jittor as jt
import numpy as np
import pytest

from helpers.kinks import assert_near_zero, imposing_signs, recording_signs
from helpers.network_pass import recorded_bound
from helpers.reference_vectors import SINGLE, Vectors, by_official_name, cast_state, noise_of, put_weights
from jittor_tsit.config import OptimConfig
from jittor_tsit.conversion import renaming


class Trace(NamedTuple):
    """A system that is ready for the steps of a file."""

    system: Any
    rules: Dict[str, Tuple]  # official network -> our module and the rules of its names
    places: Dict[str, Tuple[str, str]]  # official network -> the optimizer, and what our names begin with there
    step: Callable[[int], Dict[str, float]]  # makes a step; returns the losses by the file's names, without "loss/"
    images: Dict[str, Callable[[], Any]]  # file's name behind "output/step<k>/" -> what gives a step's image after it
    last_images: Dict[str, Callable[[], Any]] = {}  # file's name behind "output/" -> what gives an image at the end
    num_steps: int = 3
    first_steps: Dict[str, int] = {}  # official network -> the step that updates it first, if not 0
    has_statistics: bool = True  # whether our networks track the running statistics that the official ones track


class Update(NamedTuple):
    """One use of an optimizer."""

    optimizer: str
    gradients: Dict[str, np.ndarray]  # that the step computed
    parameters: Dict[str, np.ndarray]  # after it


class Run(NamedTuple):
    """All that a run gave."""

    losses: Dict[str, float]  # by the file's names
    images: Dict[str, np.ndarray]
    updates: List[Update]
    first_gradients: Dict[str, np.ndarray]  # by official name
    first: Dict[str, np.ndarray]  # official parameters after a network's first step
    last: Dict[str, np.ndarray]  # and buffers, after the last


Maker = Callable[[Vectors], Trace]


def check_in_float64(path, make: Maker) -> None:
    """Every loss, image, first gradient, parameter and buffer of a file has its recorded distance from ours."""
    vectors, trace, run = float64_run(path, make)
    for prefix, found in (("loss/", run.losses), ("output/", run.images), ("after_step0/", run.first)):
        assert_recorded(vectors, prefix, found)
    name = "first_update" if vectors.group("grad/first_update/") else "step0"
    assert_recorded(vectors, f"grad/{name}/", run.first_gradients)
    assert_recorded(vectors, "after/", run.last, () if trace.has_statistics else ("running_mean", "running_var"))


def assert_recorded(vectors: Vectors, prefix: str, found: Dict[str, Any], absent: Tuple[str, ...] = ()) -> None:
    """Our float64 values are as far from the file's float32 ones as the official float64 values are.

    Args:
        absent: Ends of the names that ours do not have.
    """
    absent = (*absent, "num_batches_tracked")
    # Losses are means of terms of about 1 that may cancel. Singular vectors, of length 1, turn by what the weights have
    # moved, the more the nearer the next singular value is. Adam's first step is lr g / (|g| + 1e-8): where g is of the
    # size of 1e-8, the roundings of numbers such as the slope 0.2 move it by 1 % of lr, which is up to 4e-4 here.
    besides = {"loss/": 8, "after/": 128, "output/": 0, "after_step0/": 64, "grad/step0/": 0, "grad/first_update/": 0}
    wanted = {name: array for name, array in vectors.group(prefix).items() if not name.endswith(absent)}
    assert wanted and set(wanted) <= set(found), f"{prefix}: not computed: {sorted(set(wanted) - set(found))}"
    off = {}
    for name, reference in wanted.items():
        distance = vectors.config["f32_vs_f64_maxabsdiff_and_scale"][prefix + name]
        ours = np.asarray(found[name]).reshape(reference.shape)
        if np.abs(ours - reference.astype(np.float64)).max() > recorded_bound(*distance) + besides[prefix] * SINGLE:
            off[name] = f"{np.abs(ours - reference).max():.3g}, recorded {distance}"
    assert not off, f"{prefix}: distances from the official float32 values: {off}"


@lru_cache(maxsize=1)  # for the two tests of a file, which follow each other
def float64_run(path, make: Maker) -> Tuple[Vectors, Trace, Run]:
    vectors = Vectors(path, "float64")
    trace = make(vectors)
    return vectors, trace, run_of(vectors, trace)


def run_of(vectors: Vectors, trace: Trace, given: Sequence[Update] = (), after_step=lambda: None) -> Run:
    """Make all steps of a file.

    Args:
        given: Updates of another run: the optimizers take its gradients.
    """
    run = Run({}, {}, [], {}, {}, {})
    for name, optimizer in trace.system.optimizers.items():
        _keep_updates(name, optimizer, run.updates, given, vectors.dtype)
    for step in range(trace.num_steps):
        run.losses.update(trace.step(step))
        run.images.update({f"step{step}/{name}": _array(image()) for name, image in trace.images.items()})
        cast_state(trace.system, vectors.dtype)  # Python's scalars are single numbers in Jittor, and change the type
        after_step()
        nets = {net: rules for net, rules in trace.rules.items() if trace.first_steps.get(net, 0) == step}
        run.first.update(official_parameters(nets))
    run.last.update(official_parameters(trace.rules))
    run.images.update({name: _array(image()) for name, image in trace.last_images.items()})
    for name, (optimizer, ours) in optimizer_names(trace).items():
        first = next(update for update in run.updates if update.optimizer == optimizer)
        if ours in first.gradients:
            run.first_gradients[name] = first.gradients[ours]
    return run


def _keep_updates(name: str, optimizer, updates: List[Update], given: Sequence[Update], dtype: str) -> None:
    """Have an optimizer note its updates."""
    apply = optimizer.apply

    def applying(gradients):
        own = {key: gradient.numpy() for key, gradient in gradients.items()}
        if given:
            gradients = {key: _var(array, dtype) for key, array in given[len(updates)].gradients.items()}
        apply(gradients)
        updates.append(Update(name, own, {key: param.numpy() for key, param in optimizer.params.items()}))

    optimizer.apply = applying


def _var(array: np.ndarray, dtype: str) -> jt.Var:
    return jt.array(array.astype(dtype), dtype=dtype)


def _array(image) -> np.ndarray:
    return image if isinstance(image, np.ndarray) else image.numpy()


def check_in_float32(path, make: Maker) -> None:
    """Losses, images, every gradient of every step and every update are those of the float64 run."""
    vectors, _, exact = float64_run(path, make)
    singles = Vectors(path)
    with recording_signs() as signs:
        run = run_of(singles, make(singles), exact.updates, signs.settle)
    for name, value in run.losses.items():
        # Losses are means of terms that may cancel; the terms are about 1 at most.
        bound = noise_of(vectors, "loss/") * abs(exact.losses[name]) + 64 * SINGLE
        assert abs(value - exact.losses[name]) <= bound, f"{name}: {value}, in float64 {exact.losses[name]}, {bound}"
    for name, image in run.images.items():
        _assert_near(image, exact.images[name], noise_of(vectors, "output/"), name)
    _assert_same_updates(run.updates, exact.updates)
    off = _other_gradients(vectors, run.updates, exact.updates)
    if off:
        with imposing_signs(signs.calls) as flips:
            same_side = run_of(vectors, make(vectors), exact.updates)
        assert_near_zero(flips)
        rest = _other_gradients(vectors, run.updates, same_side.updates)
        assert flips and not rest, f"{off}; with the signs of float32 {rest}; flipped: {[*map(str, flips)]}"


def _other_gradients(vectors: Vectors, ours: List[Update], exact: List[Update]) -> Dict[str, str]:
    """The gradients that rounding does not explain."""
    rtol, off = noise_of(vectors, "grad/"), {}
    for number, (update, reference) in enumerate(zip(ours, exact)):
        scales = {name: np.abs(gradient).max() for name, gradient in reference.gradients.items()}
        largest = max(scales.values())
        for name, gradient in update.gradients.items():
            difference = np.abs(gradient - reference.gradients[name]).max()
            # A gradient that is 0, as of a bias in front of a norm, is the rounding of a sum of up to 65,536 terms that
            # cancel: sqrt(65,536) roundings.
            if difference > rtol * scales[name] + 256 * SINGLE * largest:
                off[f"update {number}, {name}"] = f"{difference:.2g} of {scales[name]:.2g}"
    return off


def _assert_same_updates(ours: List[Update], exact: List[Update]) -> None:
    """The same gradients move the parameters alike: rounding of the values at each update, and of the update."""
    assert [update.optimizer for update in ours] == [update.optimizer for update in exact]
    for number, (update, reference) in enumerate(zip(ours, exact), start=1):
        for name, values in update.parameters.items():
            wanted = reference.parameters[name]
            bound = 4 * number * SINGLE * max(np.abs(wanted).max(), 1e-2)
            assert np.abs(values - wanted).max() <= bound, f"update {number}, {name}: {np.abs(values - wanted).max()}"


def _assert_near(ours: np.ndarray, reference: np.ndarray, rtol: float, what: str) -> None:
    difference, bound = np.abs(ours - reference).max(), rtol * np.abs(reference).max()
    assert difference <= bound, f"{what}: off by {difference}, allowed are {bound}"


def put_all_weights(vectors: Vectors, rules, has_statistics: bool = True) -> None:
    """Put the file's weights into all networks.

    Args:
        rules: Official network -> our module and the rules of its names.
        has_statistics: As of a `Trace`.
    """
    for net, (module, net_rules) in rules.items():
        official = vectors.group(f"param/{net}/")
        if not has_statistics:
            official = {name: array for name, array in official.items() if "running_" not in name}
        put_weights(module, official, net_rules, vectors.dtype)


def step_of(vectors: Vectors, system, batch, noise_of_step, losses_of) -> Callable[[int], Dict[str, float]]:
    """A `Trace.step` that takes the same batch every time.

    Args:
        noise_of_step: From the step to its draws.
        losses_of: From our terms to the official ones, weighted as the file has them.
    """

    def step(number: int) -> Dict[str, float]:
        system.noise = noise_of_step(number)
        terms = {name: term.item() for name, term in system.train_step([batch], number).items()}
        return {f"step{number}/{name}": value for name, value in losses_of(terms).items()}

    return step


# float64 first: the check in float32 takes the float64 run from it.
in_float64_and_float32 = pytest.mark.parametrize(
    "check", [check_in_float64, check_in_float32], ids=["float64", "float32"]
)


def optim_of(options) -> OptimConfig:
    """Rates and betas of a file's options."""
    return OptimConfig(lr_G=options["lr"], lr_D=options["lr"], betas=(options["beta1"], 0.999))


def official_parameters(rules) -> Dict[str, np.ndarray]:
    """Official name with its network -> our values.

    Args:
        rules: Official network -> our module and the rules of its names.
    """
    return {
        f"{net}/{name}": var.numpy()
        for net, (module, net_rules) in rules.items()
        for name, var in by_official_name(module, net_rules).items()
    }


def optimizer_names(trace: Trace) -> Dict[str, Tuple[str, str]]:
    """Official name with its network -> (optimizer, our name there)."""
    found = {}
    for net, (module, net_rules) in trace.rules.items():
        optimizer, prefix = trace.places[net]
        names = renaming.official_names(module.state_dict(), net_rules)
        found.update({f"{net}/{official}": (optimizer, prefix + ours) for ours, official in names.items()})
    return found


def calls_of(owner, name="execute") -> List[Any]:
    """The results of a method, one after the other as it is called."""
    results, method = [], getattr(owner, name)

    def keep(*arguments):
        results.append(method(*arguments))
        return results[-1]

    setattr(owner, name, keep)
    return results


class RecordedAlpha:
    """The share of photographs between the images of a step."""

    def __init__(self, alpha):
        self.alpha = alpha

    def uniform(self, purpose, keys, shape):
        return self.alpha
