"""Count the arithmetic and memory traffic of a step's convolutions. With the machine's peaks they give a minimum time.

The counts come from the networks' definitions, so they do not depend on how the networks are computed. Normalisations,
activations, resizing and losses are not counted, because they could be fused into the convolutions.
"""

from __future__ import annotations

from typing import Iterator, List, NamedTuple, Sequence

from experiments.benchmarks.case import Case

FLOAT = 4  # bytes
ADAM_ACCESSES = 7  # for each parameter: read it, its gradient and two moments; write it and the moments
WIDTHS_G = (16, 16, 16, 16, 8, 4, 2, 1)  # channels of both generators' blocks, in multiples of the width
WIDTHS_E = (1, 2, 4, 8, 8, 8)
SIDE_E, Z_DIM = 256, 256  # side of the encoder's input in pixels; length of the latent code
WIDTHS_D, MAX_D, SCALES_D = (1, 2, 4, 8), 512, 2
HIDDEN_SPADE = 128  # channels
SPADE_HALVINGS = (5, 4, 4, 3, 2, 1, 0)  # how often the image's size is halved at each block
VGG = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 1))  # channels and number of convolutions up to relu5_1, by stage


class Work(NamedTuple):
    """Floating-point operations, and bytes read or written."""

    flops: float
    bytes: float


class Conv(NamedTuple):
    """A convolution, or a linear layer as a 1 x 1 convolution of a 1 x 1 image."""

    in_channels: int
    out_channels: int
    kernel_size: int
    in_pixels: int
    out_pixels: int
    reads_data: bool = False  # its input is data, so no gradient by the input is needed

    @property
    def weights(self) -> int:
        """The number of its weights."""
        return self.in_channels * self.out_channels * self.kernel_size**2

    def work(self, batch: int) -> Work:
        """The work of a forward pass. Each of the two gradients, by input and by weight, takes the same."""
        numbers = self.in_channels * self.in_pixels + self.out_channels * self.out_pixels
        return Work(2 * batch * self.weights * self.out_pixels, FLOAT * (batch * numbers + self.weights))


def training_step(case: Case) -> Work:
    """The work of G's step and D's, as in `SynthesisSystem.train_step`."""
    made, judge = generator(case) + encoder(case), discriminator(case)
    works = [
        passes(made, case.batch, 3),  # forward, gradients by input and weight
        passes(judge, case.batch, 3, of_data=3),  # the image forward and its gradient, the photo forward
        passes(vgg(case), case.batch, 3, of_data=3),  # the same
        passes(made, case.batch, 1),  # a new image for D's step
        passes(judge, case.batch, 6),  # image and photo, each forward and with both gradients
        Work(0, FLOAT * ADAM_ACCESSES * sum(conv.weights for conv in made + judge)),
    ]
    return Work(sum(work.flops for work in works), sum(work.bytes for work in works))


def generation(case: Case) -> Work:
    """The work of generating images from a batch of label maps."""
    return passes(generator(case), case.batch, 1)


def passes(convs: Sequence[Conv], batch: int, count: int, of_data: int = 0) -> Work:
    """The work of `count` passes over all layers.

    Args:
        of_data: Passes over the layers that read data. 0: two thirds of `count`, at least 1, because these layers need
            no gradient by their input.
    """
    of_data = of_data or max(1, count * 2 // 3)
    counted = [(conv.work(batch), of_data if conv.reads_data else count) for conv in convs]
    return Work(sum(work.flops * times for work, times in counted), sum(work.bytes * times for work, times in counted))


def generator(case: Case) -> List[Conv]:
    """All layers of G."""
    return list(_tsit(case) if case.system == "tsit" else _spade(case))


def _tsit(case: Case) -> Iterator[Conv]:
    """Yield the layers of TSIT's generator: content stream, start from the latent code, FADE blocks."""
    channels = [case.num_classes] + [case.width * 2 ** min(k, 4) for k in range(8)]
    sizes = [_pixels(case, k) for k in range(8)]
    for k, (a, b) in enumerate(zip(channels, channels[1:])):
        yield _same(a, a, 3, sizes[k], reads_data=k == 0)
        yield _same(a, b, 3, sizes[k])
        if a != b:
            yield _same(a, b, 1, sizes[k], reads_data=k == 0)
    yield Conv(Z_DIM, 16 * case.width * sizes[7], 1, 1, 1)
    widths = [case.width * factor for factor in WIDTHS_G]
    for a, b, size in zip(widths, widths[1:], reversed(sizes)):
        norms = 2 if a == b else 3
        yield from [_same(a, a, 3, size)] * (2 * norms)  # gammas and betas
        yield from _main_path(a, a, b, size)
    yield _same(case.width, 3, 3, sizes[0])


def _spade(case: Case) -> Iterator[Conv]:
    """Yield the layers of SPADE's generator: start from the small label map, SPADE blocks."""
    widths = [case.width * factor for factor in WIDTHS_G]
    yield _same(case.num_classes, widths[0], 3, _pixels(case, SPADE_HALVINGS[0]), reads_data=True)
    for a, b, halvings in zip(widths, widths[1:], SPADE_HALVINGS):
        size, middle = _pixels(case, halvings), min(a, b)
        for modulated in (a, middle) if a == b else (a, middle, a):
            yield _same(case.num_classes, HIDDEN_SPADE, 3, size, reads_data=True)
            yield from [_same(HIDDEN_SPADE, modulated, 3, size)] * 2  # gamma and beta
        yield from _main_path(a, middle, b, size)
    yield _same(case.width, 3, 3, _pixels(case, 0))


def _main_path(in_channels: int, middle: int, out_channels: int, pixels: int) -> Iterator[Conv]:
    """Yield the convolutions of a residual block without those of its normalisations."""
    yield _same(in_channels, middle, 3, pixels)
    yield _same(middle, out_channels, 3, pixels)
    if in_channels != out_channels:
        yield _same(in_channels, out_channels, 1, pixels)


def encoder(case: Case) -> List[Conv]:
    """All layers of E; none if the system has no latent code."""
    if case.system == "spade":
        return []
    channels = [3] + [case.width * factor for factor in WIDTHS_E]
    sizes = [(SIDE_E >> k) ** 2 for k in range(len(channels))]
    convs = [Conv(a, b, 3, m, n, a == 3) for a, b, m, n in zip(channels, channels[1:], sizes, sizes[1:])]
    return convs + [Conv(channels[-1] * sizes[-1], Z_DIM, 1, 1, 1)] * 2


def discriminator(case: Case) -> List[Conv]:
    """All layers of D at all scales."""
    channels = [case.num_classes + 3] + [min(case.width * factor, MAX_D) for factor in WIDTHS_D] + [1]
    convs, height, width = [], case.image_height, case.image_width
    for _ in range(SCALES_D):
        h, w = height, width
        for k, (a, b) in enumerate(zip(channels, channels[1:])):
            stride = 2 if k < 3 else 1
            size, (h, w) = h * w, (h // stride + 1, w // stride + 1)  # 4 x 4 kernels, padding 2
            convs.append(Conv(a, b, 4, size, h * w, reads_data=k == 0))
        height, width = (height + 1) // 2, (width + 1) // 2
    return convs


def vgg(case: Case) -> List[Conv]:
    """All layers of VGG-19 up to relu5_1; none if the loss has no perceptual term."""
    convs, channels = [], 3
    for stage, (width, count) in enumerate(VGG if case.vgg else ()):
        for _ in range(count):
            convs.append(_same(channels, width, 3, _pixels(case, stage)))
            channels = width
    return convs


def _pixels(case: Case, halvings: int) -> int:
    """Pixels of the image after its size is halved so often."""
    return (case.image_height >> halvings) * (case.image_width >> halvings)


def _same(in_channels: int, out_channels: int, kernel_size: int, pixels: int, reads_data: bool = False) -> Conv:
    """A convolution whose output has the size of its input."""
    return Conv(in_channels, out_channels, kernel_size, pixels, pixels, reads_data)
