import cv2
import numpy as np
import pytest

from data_tools.signals.overlays import watermark
from data_tools.signals.view import View

LABEL = np.zeros((384, 512), np.uint8)
HILLS = np.dstack(
    [np.tile(np.linspace(top, bottom, 384)[:, None], 512) for top, bottom in ((70, 50), (90, 110), (170, 60))]
)


def _text(x, y, size, turned=0.0):
    """Where MONSOON is written: [384, 512] 0..1."""
    cover = np.zeros((384, 512), np.uint8)
    cv2.putText(cover, "MONSOON", (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, 255, 2, cv2.LINE_AA)
    return cv2.warpAffine(cover, cv2.getRotationMatrix2D((256, 192), turned, 1), (512, 384))[..., None] / 255


def _score(photo):
    return watermark(View(np.rint(photo).astype(np.uint8), LABEL))


@pytest.mark.parametrize("opacity", [0.35, 0.8])
@pytest.mark.parametrize("turned", [0, 25, -25])
def test_light_writing_counts_its_letters(opacity, turned):
    cover = _text(180, 200, 1.0, turned) * opacity
    assert _score(HILLS) == 0
    assert 4.5 < _score(HILLS * (1 - cover) + 255 * cover) < 5.5  # six steps, less what seven pieces do by chance


def test_dark_writing_counts_a_letter_less():
    cover = _text(80, 200, 1.6) * 0.8
    assert 3.5 < _score(HILLS * (1 - cover) + 20 * cover) < 4.5


def test_writing_counts_over_any_ground():
    cover = _text(180, 200, 1.0) * 0.5
    ground = HILLS.copy()
    ground[:, 230:] = (150, 60, 40)  # the ground changes in the middle of the word
    assert _score(ground * (1 - cover) + 255 * cover) > 3.5


def test_coloured_strokes_are_no_mark():
    cover = _text(180, 200, 1.0) * 0.8
    assert _score(HILLS * (1 - cover) + (255, 0, 0) * cover) < 2  # a mark lightens all channels


def test_posts_taller_than_letters_are_no_writing():
    photo = HILLS.copy()
    for x in range(50, 450, 16):
        photo[200:280, x : x + 4] = 240
    assert _score(photo) < 1


def test_one_sign_alone_is_no_line():
    photo = HILLS.copy()
    photo[100:120, 100:104] = 240
    assert _score(photo) < 0.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 512), (7, 5)])
def test_the_smallest_photos_hold_no_writing(shape):
    assert watermark(View(np.full((*shape, 3), 128, np.uint8), np.zeros(shape, np.uint8))) == 0
