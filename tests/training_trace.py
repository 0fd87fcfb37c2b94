"""Comparing recorded training steps of an official trainer with ours."""

import numpy as np
from reference_vectors import assert_close, by_official_name, put_weights

from jittor_tsit import convert
from jittor_tsit.config import OptimConfig

BUFFERS = ("weight_u", "weight_v", "running_mean", "running_var")


def check_steps(vectors, system, rules, places, terms_of, images, batch, noise_of, image_stride=1):
    """All losses, images, first gradients, parameters and buffers of a file whose steps take the same batch.

    Args:
        rules: Official network -> our module and the rules of its names.
        places: Official network -> the optimizer, and what our names begin with there.
        terms_of: From our terms to the official ones, weighted as the file has them.
        images: Official name -> what lists our images of a step, to be read after it.
        noise_of: From the step to its draws.
    """
    steps, lr = vectors.config["steps"], vectors.options["lr"]
    for net, (module, net_rules) in rules.items():
        put_weights(module, vectors.group(f"param/{net}/"), net_rules)
    gradients = {name: keep_gradients(optimizer) for name, optimizer in system.optimizers.items()}
    for step in range(steps):
        system.noise = noise_of(step)
        terms = system.train_step([batch], step)
        ours = terms_of({name: term.item() for name, term in terms.items()})
        for name, reference in vectors.group(f"loss/step{step}/").items():
            assert_close(ours[name], reference, 5e-4 if step == steps - 1 else 1e-4, f"step {step} {name}")
        for name, image_of in images.items():
            assert_same_image(vectors, f"step{step}/{name}", image_of().numpy(), image_stride, 2e-3)
        if step == 0:
            first = official_parameters(rules)
    names = optimizer_names(rules, places)
    assert_same_gradients_at_first(vectors, gradients, names, lambda name: 1e-3)
    assert_moved_alike(vectors, "after_step0/", first, 1, lambda name: lr)
    last = official_parameters(rules)
    assert_moved_alike(vectors, "after/", last, steps, lambda name: lr)
    assert_same_buffers(vectors, last)


def optim_of(options):
    """Rates and betas of a file's options."""
    return OptimConfig(lr_G=options["lr"], lr_D=options["lr"], betas=(options["beta1"], 0.999))


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


def assert_same_gradients_at_first(vectors, gradients, names, rtol_of, prefix="grad/step0/"):
    """The first step's.

    Args:
        gradients: By optimizer, from `keep_gradients`.
        rtol_of: From the official name with its network.
    """
    for name, reference in vectors.group(prefix).items():
        optimizer, ours = names[name]
        assert_close(gradients[optimizer][ours], reference, rtol_of(name), f"first gradient of {name}")


def assert_moved_alike(vectors, prefix, parameters, steps, lr_of, most=0.2):
    """Parameters after `steps` updates: 99 % of a file's elements within `most` times lr, all within 2 lr a step.

    Adam's first update is +-lr for any gradient, so a gradient of rounding noise moves by +-lr either way.
    """
    off = []
    for name, reference in vectors.group(prefix).items():
        if not name.endswith((*BUFFERS, "num_batches_tracked")):
            off.append(np.abs(parameters[name] - reference).ravel() / lr_of(name))
    off = np.concatenate(off)
    assert np.quantile(off, 0.99) <= most, f"{prefix}: 99 % of the elements are within {np.quantile(off, 0.99)} lr"
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


def calls_of(owner, name="execute"):
    """The results of a method, one after the other as it is called."""
    results, method = [], getattr(owner, name)

    def keep(*arguments):
        results.append(method(*arguments))
        return results[-1]

    setattr(owner, name, keep)
    return results
