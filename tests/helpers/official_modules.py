"""Official networks as lists of modules: state dicts with the names of PyTorch's Sequential, and random arrays.

A module is a dict of its arrays, empty for one that has none. Sources: junyanz/pytorch-CycleGAN-and-pix2pix and
junyanz/BicycleGAN, models/networks.py of each.
"""

import numpy as np

NONE = [{}]  # padding, activation, dropout


class Modules:
    """Makes modules with arrays of a generator.

    Args:
        norm: "batch" or "instance".
    """

    def __init__(self, rng, norm):
        self.rng, self.norm_kind = rng, norm

    def draw(self, *shape):
        return self.rng.standard_normal(shape).astype(np.float32)

    def conv(self, out_channels, in_channels, size, bias=True):
        weight = {"weight": self.draw(out_channels, in_channels, size, size)}
        return [{**weight, "bias": self.draw(out_channels)} if bias else weight]

    def up(self, in_channels, out_channels, size, bias=True):
        weight = {"weight": self.draw(in_channels, out_channels, size, size)}
        return [{**weight, "bias": self.draw(out_channels)} if bias else weight]

    def linear(self, out_features, in_features):
        return [{"weight": self.draw(out_features, in_features), "bias": self.draw(out_features)}]

    def norm(self, channels):
        if self.norm_kind == "instance":
            return NONE
        arrays = {name: self.draw(channels) for name in ("weight", "bias", "running_mean", "running_var")}
        return [{**arrays, "num_batches_tracked": np.array(7)}]

    def resnet(self, width, num_blocks, has_dropout):
        """ResnetGenerator, 3 channels in and out."""
        bias, wide = self.norm_kind == "instance", 4 * width
        modules = [*NONE, *self.conv(width, 3, 7, bias), *self.norm(width), *NONE]
        for k in (1, 2):
            modules += [*self.conv(2 * k * width, k * width, 3, bias), *self.norm(2 * k * width), *NONE]
        for _ in range(num_blocks):
            first = [*NONE, *self.conv(wide, wide, 3, bias), *self.norm(wide), *NONE]
            second = [*NONE, *self.conv(wide, wide, 3, bias), *self.norm(wide)]
            modules.append(named("conv_block.", [*first, *(NONE if has_dropout else ()), *second]))
        for k in (2, 1):
            modules += [*self.up(2 * k * width, k * width, 3, bias), *self.norm(k * width), *NONE]
        return named("model.", [*modules, *NONE, *self.conv(3, width, 7), *NONE])

    def latent_unet(self, num_levels, width, z_dim, adds_to_all, upsampling):
        """G_Unet_add_all or G_Unet_add_input, 3 channels in and out."""
        widths, below = [min(2**k, 8) * width for k in range(num_levels)], {}
        for k in reversed(range(num_levels)):
            outer = widths[k - 1] if k else 3
            down = self.conv(widths[k], outer + (z_dim if adds_to_all or k == 0 else 0), 4)
            comes_up = widths[k] * (1 if k == num_levels - 1 else 2)
            if upsampling == "basic":
                up = [*NONE, *self.up(comes_up, outer, 4)]
            else:
                up = [*NONE, *NONE, *NONE, *self.conv(outer, comes_up, 3)]
            if k:
                down, up = [*NONE, *down], [*up, *self.norm(outer)]
            if 0 < k < num_levels - 1:
                down += self.norm(widths[k])
            if adds_to_all:
                below = {**named("down.", down), **joined("submodule", below), **named("up.", up)}
            else:
                below = named("model.", [*down, *([below] if below else ()), *up])
        return joined("model", below)

    def latent_encoder(self, kind, width, num_layers, z_dim):
        """E_ResNet or E_NLayers."""
        modules, channels = self.conv(width, 3, 4), width
        modules += NONE if kind == "conv" else ()
        for k in range(1, num_layers + 1):
            wanted = width * min(4, 2**k if kind == "conv" else k + 1)
            if kind == "conv":
                modules += [*self.conv(wanted, channels, 4), *self.norm(wanted), *NONE]
            else:
                first = [*self.norm(channels), *NONE, *self.conv(channels, channels, 3), *self.norm(channels), *NONE]
                second = [named("", [*self.conv(wanted, channels, 3), *NONE])]
                shortcut = [*NONE, *self.conv(wanted, channels, 1)]
                modules.append({**named("conv.", [*first, *second]), **named("shortcut.", shortcut)})
            channels = wanted
        heads = [named(f"{name}.", self.linear(z_dim, channels)) for name in ("fc", "fcVar")]
        return {**named("conv.", modules), **heads[0], **heads[1]}

    def two_scale_patchgan(self, width, num_layers):
        """D_NLayersMulti with two scales."""
        arrays = {}
        for scale, base in enumerate((width, width // 2)):
            modules = [*self.conv(base, 3, 4), *NONE]
            for k in range(1, num_layers + 1):
                channels = min(2**k, 8) * base
                modules += [*self.conv(channels, min(2 ** (k - 1), 8) * base, 4), *self.norm(channels), *NONE]
            arrays.update(named(f"model_{scale}.", [*modules, *self.conv(1, min(2**num_layers, 8) * base, 4)]))
        return arrays


def named(prefix, modules):
    """The arrays of modules under their places."""
    return {f"{prefix}{k}.{name}": array for k, module in enumerate(modules) for name, array in module.items()}


def joined(name, arrays):
    """Under the name of what holds them."""
    return {f"{name}.{rest}": array for rest, array in arrays.items()}
