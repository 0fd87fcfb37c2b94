"""Label maps are warped by the spline of the textbook, without new ids, and only where G gets them."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import write_label
from data_tools.sets.pairing import Pair
from jittor_tsit.config import DataConfig, Experiment, RunConfig, SegFormerConfig, SPADEConfig, TSITConfig
from jittor_tsit.data.batch_kinds import LABEL_MAPS_TO_PHOTOS
from jittor_tsit.data.batches import full_share
from jittor_tsit.data.finders import find_samples
from jittor_tsit.data.label_maps import LabelMaps, edges
from jittor_tsit.data.samples import Augmentation, PairedSamples
from jittor_tsit.data.warping import GRID, random_warp, spline_weights
from jittor_tsit.runtime.parallel import Piece

HEIGHT, WIDTH = 17, 33  # control points lie at each fourth row and at each eighth column
PLAIN = Augmentation((WIDTH, HEIGHT), (WIDTH, HEIGHT), flip=True)


def spline_by_hand(values, row, column):
    """At one pixel the spline through `values` at the control points: r^2 log r of the distances r, and a plane."""
    points = [(4.0 * i, 8.0 * j) for i in range(GRID) for j in range(GRID)]

    def bump(a, b):
        r = np.hypot(a[0] - b[0], a[1] - b[1])
        return r * r * np.log(r) if r else 0.0

    rows = [[*(bump(a, b) for b in points), 1, *a] for a in points]
    rows += [[*column_of, 0, 0, 0] for column_of in ([1] * 25, [p[0] for p in points], [p[1] for p in points])]
    numbers = np.linalg.solve(np.array(rows, float), [*values, 0, 0, 0])
    return np.dot(numbers, [*(bump((row, column), b) for b in points), 1, row, column])


def test_the_shift_of_a_pixel_is_the_thin_plate_spline(rng):
    values = rng.uniform(-1, 1, GRID * GRID)
    ours = (values @ spline_weights(HEIGHT, WIDTH)).reshape(HEIGHT, WIDTH)
    np.testing.assert_allclose(ours[::4, ::8].ravel(), values, rtol=0, atol=1e-6)
    for place in ((0, 1), (3, 5), (16, 31), (9, 20)):
        assert ours[place] == pytest.approx(spline_by_hand(values, *place), abs=1e-5)


def test_each_pixel_comes_from_the_nearest_one_of_its_shifted_place():
    row, column = np.mgrid[:HEIGHT, :WIDTH].astype(np.int32) * 1000  # of 32 bits, as instance numbers
    rows, columns = random_warp((row, column), 0.1, np.random.default_rng(4))
    shifts = np.random.default_rng(4).uniform(-0.1, 0.1, (2, GRID * GRID))
    for found, draws, size, at in ((rows, shifts[0], HEIGHT, row), (columns, shifts[1], WIDTH, column)):
        place = at / 1000 + (draws @ spline_weights(HEIGHT, WIDTH)).reshape(HEIGHT, WIDTH) * size
        # half a pixel is what rounding moves; draws are float32
        assert np.abs(found / 1000 - np.clip(place, 0, size - 1)).max() <= 0.5 + 1e-4
    assert np.abs(rows - row).max() >= 1000 and np.abs(columns - column).max() >= 2000


@pytest.fixture
def samples(tmp_path):
    """One pair with instances."""
    for name in ("imgs", "labels", "instances"):
        (tmp_path / name).mkdir()
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    Image.fromarray(np.stack([x, y, y], -1).astype(np.uint8)).save(tmp_path / "imgs/a.png")
    write_label(tmp_path / "labels/a.png", x // 6 + 5 * (y // 5))
    write_label(tmp_path / "instances/a.png", 300 * (x > 11) + 7 * (y > 8))
    pair = Pair("a", tmp_path / "imgs/a.png", tmp_path / "labels/a.png")
    return PairedSamples([pair], LabelMaps(29, has_edges=True), dataclasses.replace(PLAIN, warp=0.1), (3, 1))


def test_photo_and_label_map_stay_and_a_warped_map_comes_beside_them(samples):
    still = dataclasses.replace(samples, augmentation=PLAIN)
    warped_maps = set()
    for place in range(6):  # mirrored ones, too
        photo, ids, borders = samples(place)
        plain = still(place)
        for ours, expected in zip((photo, ids[0], borders[0]), plain):
            np.testing.assert_array_equal(ours, expected)
        # ids and instances are warped alike
        _, instances = still.augmented(place)[1:]
        rng = np.random.default_rng([3, 1, place, 2])
        of_G = random_warp((plain[1], instances), 0.1, rng)
        np.testing.assert_array_equal(ids[1], of_G[0])
        np.testing.assert_array_equal(borders[1], edges(of_G[1]))
        warped_maps.add(ids[1].tobytes())
        assert ids.dtype == borders.dtype == np.uint8 and set(np.unique(ids[1])) <= set(np.unique(ids[0]))
    assert len(warped_maps) == 6
    for ours, again in zip(samples(3), samples(3)):
        np.testing.assert_array_equal(ours, again)
    for ours, expected in zip(samples.unaugmented(0), still.unaugmented(0)):  # as grids and `test` read it
        np.testing.assert_array_equal(ours, expected)


def test_a_batch_holds_both_maps_and_g_gets_the_warped_one(samples):
    arrays = tuple(np.stack(each) for each in zip(samples(0), samples(1)))
    batch = LABEL_MAPS_TO_PHOTOS.make_batch(arrays, Piece(range(2), full_share(2)), 29)
    for k, segmap in enumerate((batch.segmap, batch.segmap_of_G)):
        one_hot = arrays[1][:, k, None] == np.arange(29)[:, None, None]
        np.testing.assert_array_equal(segmap.numpy(), np.concatenate([one_hot, arrays[2][:, k, None]], 1))


def test_shifts_that_fold_a_map_are_refused():
    with pytest.raises(InputError, match="warp=0.125: from 0 to below 0.125"):
        DataConfig(warp=0.125)


def test_systems_whose_g_gets_no_label_map_refuse_it(tmp_path):
    data, run = DataConfig(root=str(tmp_path), warp=0.05), RunConfig(total_nimg=1)
    Experiment("spade", SPADEConfig(), data, run)
    with pytest.raises(InputError, match="warp=0.05: segformer has no such option, only tsit and spade; must be 0"):
        Experiment("segformer", SegFormerConfig(), data, run)
    with pytest.raises(InputError, match="warp=0.05: this system's data has no such option"):
        find_samples(Experiment("tsit", TSITConfig(form="ast"), data, run))
