"""Comparisons with pictures that an official program has written.

TSIT, SPADE, pix2pix, CycleGAN and BicycleGAN cut values off where `test` rounds: `((image + 1) / 2 * 255)` becomes
uint8. A picture of theirs tells an image to a grey level only, from its own value to just below the next.
"""

import numpy as np


def official_pixels(image):
    """What these programs write for images: [N, 3, H, W] in [-1, 1] -> [N, H, W, 3] uint8."""
    return np.clip((image.astype(np.float64) + 1) / 2 * 255, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)


def assert_shows(picture, image, grey_levels):
    """Fail unless an official picture shows our images.

    Args:
        picture: [N, H, W, 3] uint8, as the official program wrote it without loss.
        image: [N, 3, H, W] in [-1, 1], ours, before it was made uint8.
        grey_levels: How far the images themselves may be apart, in grey levels of 2 / 255.
    """
    ours, theirs = (image.astype(np.float64).transpose(0, 2, 3, 1) + 1) / 2 * 255, picture.astype(np.float64)
    apart = np.maximum(theirs - ours, ours - (theirs + 1))  # from the values that become this one
    apart[(theirs == 255) & (ours >= 255)] = 0
    worst = np.unravel_index(apart.argmax(), apart.shape)
    assert apart[worst] <= grey_levels, f"pixel {worst}: {ours[worst]:.3f} is shown as {picture[worst]}"


def assert_same_pictures(ours, theirs):
    """Fail unless pixels that `test` has rounded and those that an official program has cut off show one image.

    Args:
        ours, theirs: uint8, of the same shape.
    """
    above = ours.astype(int) - theirs
    assert above.min() >= 0 and above.max() <= 1, f"off by {above.min()} to {above.max()}, where cutting gives 0 or 1"
