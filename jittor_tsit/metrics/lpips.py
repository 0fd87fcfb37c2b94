"""LPIPS, the perceptual distance of two images (Zhang et al., CVPR 2018), and the diversity of several images."""

from pathlib import Path
from typing import List, Mapping, Sequence, Union

import jittor as jt
import numpy as np
from jittor import nn

from jittor_tsit.conversion.renaming import require_arrays
from jittor_tsit.conversion.weight_files import read_weights
from jittor_tsit.layers.elementary import sqrt
from jittor_tsit.layers.reductions import mean, total
from jittor_tsit.networks.vgg import WIDTHS, VGGFeatures, published_shapes
from jittor_tsit.runtime.published_files import require_published

SHIFT = (-0.030, -0.088, -0.188)  # mean of red, green and blue in [-1, 1], the authors' values
SCALE = (0.458, 0.448, 0.450)  # deviation of red, green and blue
NORM_FLOOR = 1e-10  # added to the length of a feature vector, the authors' value

# Name of the array of head k in the authors' package and in its port to JAX
HEAD_FORMS = ("lin{}.model.1.weight", "NetLinLayer_{}/Conv_0/kernel")


class LPIPS(nn.Module):
    """Distance of images from the activations of VGG-16, version 0.1. It is frozen; the images get gradients.

    Args:
        vgg: torchvision's arrays, `features.N.weight` and `features.N.bias`.
        heads: Weights of the channels of relu1_2, relu2_2, relu3_3, relu4_3 and relu5_3, [C_k] each.

    Shapes:
        a, b [N, 3, H, W] in [-1, 1], sides of at least 16 pixels -> [N]

    Source: richzhang/PerceptualSimilarity, LPIPS(net="vgg", version="0.1"). Differs: where all activations of a pixel
        are 0, the gradient is 0 here and NaN there.
    """

    def __init__(self, vgg: Mapping[str, np.ndarray], heads: Sequence[np.ndarray]):
        self.vgg = VGGFeatures("vgg16", vgg, tap_last=True)
        self.heads = nn.ParameterList([jt.array(np.float32(head).reshape(1, -1, 1, 1)).stop_grad() for head in heads])

    def execute(self, a, b):
        return total(self.per_layer(a, b), [1])

    def per_layer(self, a: jt.Var, b: jt.Var) -> jt.Var:
        """Return the five summands of the distance, one for each layer, [N, 5]."""
        squares = [(x - y).sqr() for x, y in zip(self._directions(a), self._directions(b))]
        return jt.stack(self._weighed(squares), dim=1)

    def diversity(self, images: jt.Var) -> float:
        """Return the mean distance of all pairs of images, such as the outputs for one label map; 0 if all are equal.

        Shapes:
            images [K, 3, H, W] in [-1, 1]

        Raises:
            ValueError: There are fewer than 2 images.
        """
        count = images.shape[0]
        if count < 2:
            raise ValueError(f"diversity of {count} image(s): at least 2 are needed")
        with jt.no_grad():
            # The sum of the squared differences of all pairs is `count` times the sum of the squared differences to
            # the mean.
            squares = [(x - mean(x, [0], keepdims=True)).sqr() for x in self._directions(images)]
            return float(sum(total(term) for term in self._weighed(squares)).item()) * 2 / (count - 1)

    def _directions(self, image: jt.Var) -> List[jt.Var]:
        """Return the activations of five layers, [N, C_k, H_k, W_k]; each pixel's vector of channels has length 1."""
        shift, scale = (jt.array(np.array(values, np.float32).reshape(1, 3, 1, 1)) for values in (SHIFT, SCALE))
        return [_unit_length(feat) for feat in self.vgg((image - shift) / scale)]

    def _weighed(self, squares: List[jt.Var]) -> List[jt.Var]:
        """Return for each layer the squares, weighted and summed over channels, averaged over pixels: [N] each."""
        return [mean(total(square * head, [1]), [1, 2]) for square, head in zip(squares, self.heads)]


def _unit_length(feat: jt.Var) -> jt.Var:
    square = total(feat.sqr(), [1], keepdims=True)
    return feat / (sqrt(square) + NORM_FLOOR)


def load_lpips(vgg_path: Union[str, Path], heads_path: Union[str, Path]) -> LPIPS:
    """Load LPIPS from torchvision's VGG-16 and the published file of the heads (.pth, .npz or .safetensors).

    Raises:
        InputError: A file cannot be read or does not hold these weights. The message names each missing and mis-shaped
            array.
    """
    arrays = read_weights(require_published(Path(vgg_path), "vgg16"))
    vgg = {name: array for name, array in arrays.items() if not name.startswith("classifier.")}
    require_arrays(vgg, published_shapes("vgg16"), f"{vgg_path}: not VGG-16's convolutions in torchvision's layout")
    heads = read_weights(require_published(Path(heads_path), "lpips"))
    form = next((form for form in HEAD_FORMS if form.format(0) in heads), HEAD_FORMS[0])
    shapes = {
        form.format(k): (1, width, 1, 1) if form == HEAD_FORMS[0] else (1, 1, width, 1)
        for k, width in enumerate(WIDTHS)
    }
    require_arrays(heads, shapes, f"{heads_path}: not LPIPS's heads on VGG-16")
    return LPIPS(vgg, [heads[name].reshape(-1) for name in shapes])
