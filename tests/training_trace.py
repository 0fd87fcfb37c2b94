"""Comparing recorded training steps of an official trainer with ours."""

import numpy as np
from reference_vectors import assert_close, by_official_name

from jittor_tsit import convert

BUFFERS = ("weight_u", "weight_v", "running_mean", "running_var")


def keep_gradients(optimizer):
    """The gradients of the optimizer's first step, filled in when it is done."""
    kept, apply = {}, optimizer.apply

    def keeping(gradients):
        if not kept:
            kept.update({name: gradient.numpy() for name, gradient in gradients.items()})
        apply(gradients)

    optimizer.apply = keeping
    return kept


def official_parameters(rules):
    """Official name with its network -> our values.

    Args:
        rules: Official network -> our module and the rules of its names.
    """
    return {
        f"{net}/{name}": var.numpy()
        for net, (module, net_rules) in rules.items()
        for name, var in by_official_name(module, net_rules).items()
    }


def optimizer_names(rules, places):
    """Official name with its network -> (optimizer, our name there).

    Args:
        places: Official network -> the optimizer, and what our names begin with there.
    """
    found = {}
    for net, (module, net_rules) in rules.items():
        optimizer, prefix = places[net]
        names = convert.official_names(module.state_dict(), net_rules)
        found.update({f"{net}/{official}": (optimizer, prefix + ours) for ours, official in names.items()})
    return found


def assert_same_gradients_at_first(vectors, gradients, names, rtol_of):
    """The first step's.

    Args:
        gradients: By optimizer, from `keep_gradients`.
        rtol_of: From the official name with its network.
    """
    for name, reference in vectors.group("grad/step0/").items():
        optimizer, ours = names[name]
        assert_close(gradients[optimizer][ours], reference, rtol_of(name), f"first gradient of {name}")


def assert_moved_alike(vectors, prefix, parameters, steps, lr_of):
    """Parameters after `steps` updates: 99 % of a file's elements within 0.2 lr, all within 2 lr a step.

    Adam's first update is +-lr for any gradient, so a gradient of rounding noise moves by +-lr either way.
    """
    off = []
    for name, reference in vectors.group(prefix).items():
        if not name.endswith((*BUFFERS, "num_batches_tracked")):
            off.append(np.abs(parameters[name] - reference).ravel() / lr_of(name))
    off = np.concatenate(off)
    assert np.quantile(off, 0.99) <= 0.2, f"{prefix}: 99 % of the elements are within {np.quantile(off, 0.99)} lr"
    assert off.max() <= 2 * steps, f"{prefix}: an element is {off.max()} lr off"


def assert_same_buffers(vectors, parameters):
    """Running statistics and singular vectors; they carry the rounding of all steps and of everything before."""
    for name, reference in vectors.group("after/").items():
        if name.endswith(BUFFERS):
            assert_close(parameters[name], reference, 3e-2, f"after {name}")


def assert_same_image(vectors, name, image, stride, rtol):
    """An image or a code of a step, where the file has it."""
    if f"output/{name}" in vectors.arrays.files:
        seen = image[:, :, ::stride, ::stride] if image.ndim == 4 else image
        assert_close(seen, vectors[f"output/{name}"], rtol, name)
