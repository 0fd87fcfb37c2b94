"""Defects planted into label maps: what they change, how much, and what they leave unchanged."""

import numpy as np
import pytest

from data_tools.planting import labels
from data_tools.planting.fields import make_generator, moved_label, moved_photo, visible_change
from data_tools.rendering.write_set import render
from data_tools.sets.classes import CLASS_IDS, NUM_CLASSES
from helpers.same_bytes import digest

MOUNTAIN, SKY, WATER, SEA = (CLASS_IDS[name] for name in ("mountain", "sky", "water", "sea"))
SPOILERS = [labels.shifted, labels.mirrored, labels.permuted, labels.merged, labels.shredded, labels.one_class]
SEEDS = range(12)

named = pytest.mark.parametrize("spoil", SPOILERS, ids=lambda spoil: spoil.__name__)


def corner(height=48, width=64):
    """A mountain in the lower left, a lake below, sky elsewhere, so that it differs from its mirror image."""
    y, x = np.mgrid[:height, :width]
    label = np.where(y / height > 0.2 + 0.8 * x / width, MOUNTAIN, SKY).astype(np.uint8)
    label[int(0.8 * height) :] = WATER
    return label


def seascape(height=48, width=64):
    label = np.full((height, width), SKY, np.uint8)
    label[height // 2 :] = SEA
    return label


def changes(spoil, label):
    found = [spoil(label, np.random.default_rng(seed)) for seed in SEEDS]
    return [change for change in found if change is not None]


@named
def test_a_spoilt_map_has_the_old_shape_and_type_and_valid_ids(spoil):
    for index in range(6):
        label = render(0, index, 96, 72)[1]
        for change in changes(spoil, label):
            assert change.pixels.shape == label.shape and change.pixels.dtype == np.uint8
            assert change.pixels.max() < NUM_CLASSES


@named
def test_at_least_a_tenth_of_a_spoilt_map_looks_wrong(spoil):
    found = changes(spoil, corner())
    assert len(found) == len(SEEDS)
    assert all(visible_change(corner(), change.pixels) > 0.10 for change in found)


@named
def test_the_given_map_is_not_changed(spoil):
    label = corner()
    changes(spoil, label)
    assert np.array_equal(label, corner())


@named
def test_the_same_randomness_gives_the_same_defect_and_another_one_another(spoil):
    first, again = (spoil(corner(), make_generator(1, "kind", "stem")) for _ in range(2))
    assert np.array_equal(first.pixels, again.pixels) and first.detail == again.detail
    if spoil is not labels.mirrored:
        assert len({digest(change.pixels) for change in changes(spoil, corner())}) > 1


@named
@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (33, 32)])
def test_maps_of_odd_sizes_are_spoilt_or_left_out(spoil, shape):
    label = np.random.default_rng(0).integers(0, NUM_CLASSES, shape).astype(np.uint8)
    assert all(change.pixels.shape == shape for change in changes(spoil, label))


# Shifted and mirrored


def test_a_shifted_map_is_moved_by_6_to_25_percent_and_its_edge_repeats():
    for change in changes(labels.shifted, corner()):
        dx, dy = (int(part.split("=")[1].rstrip("%")) / 100 for part in change.detail.split())
        assert all(size == 0 or 0.055 <= abs(size) <= 0.255 for size in (dx, dy)) and (dx, dy) != (0, 0)
    moved = moved_label(np.arange(12, dtype=np.uint8).reshape(3, 4), -2, 1)
    assert moved.tolist() == [[4, 4, 4, 5], [8, 8, 8, 9], [8, 8, 8, 9]]


def test_a_straight_horizon_is_never_shifted_sideways_only():
    for change in changes(labels.shifted, seascape()):
        assert "dy=+0%" not in change.detail


def test_a_mirrored_map_is_flipped_left_to_right():
    change = labels.mirrored(corner(), np.random.default_rng(0))
    assert np.array_equal(change.pixels, corner()[:, ::-1])


def test_a_map_that_agrees_with_its_mirror_image_by_85_percent_is_not_mirrored():
    assert labels.mirrored(seascape(), np.random.default_rng(0)) is None
    label = seascape()
    label[:, :4] = MOUNTAIN  # 1/16 of the width at either side: 12.5 % disagree
    assert labels.mirrored(label, np.random.default_rng(0)) is None
    label[:, :6] = MOUNTAIN  # 18.75 %
    assert labels.mirrored(label, np.random.default_rng(0)) is not None


# Swapped


def test_a_swapped_map_is_the_first_other_one_of_another_layout_at_this_ones_size():
    near = seascape(24, 32)
    near[0] = MOUNTAIN
    far = corner(24, 32)
    stem, change = labels.swapped(seascape(), [("near", near), ("far", far), ("late", far)])
    assert stem == "far" and change.pixels.shape == (48, 64)
    assert np.array_equal(change.pixels[::2, ::2], far)


def test_there_is_no_swap_where_all_other_maps_look_alike():
    lake = np.where(seascape() == SEA, WATER, seascape())  # a lake for a sea: nobody would notice
    assert labels.swapped(seascape(), [("same", seascape()), ("lake", lake)]) is None


# Permuted


def test_no_class_keeps_its_id_where_names_are_permuted_and_the_outlines_stay():
    for change in changes(labels.permuted, corner()):
        renamed = {(int(old), int(new)) for old, new in zip(corner().ravel(), change.pixels.ravel())}
        assert len(renamed) == 3 and len({new for _, new in renamed}) == 3
        assert all(old != new for old, new in renamed)


def test_half_of_the_permuted_maps_keep_their_classes_and_half_take_others():
    found = [set(np.unique(change.pixels)) == {MOUNTAIN, SKY, WATER} for change in changes(labels.permuted, corner())]
    assert 2 <= sum(found) <= len(found) - 2


def test_a_map_of_one_class_becomes_another_that_looks_different():
    alike = {CLASS_IDS[name] for name in ("sea", "water", "river", "lake")}
    for change in changes(labels.permuted, np.full((8, 8), SEA, np.uint8)):
        assert len(np.unique(change.pixels)) == 1 and change.pixels[0, 0] not in alike


def test_a_map_of_all_classes_can_be_permuted():
    label = np.arange(NUM_CLASSES, dtype=np.uint8).repeat(4).reshape(-1, 4)
    change = labels.permuted(label, np.random.default_rng(0))
    assert (change.pixels != label).all() and set(np.unique(change.pixels)) == set(range(NUM_CLASSES))


# Merged, shredded, one class


def test_merging_paints_20_to_60_percent_with_one_class_and_leaves_the_rest():
    for change in changes(labels.merged, corner()):
        share, winner = change.detail.split()
        assert 0.20 <= int(share.rstrip("%")) / 100 <= 0.60
        changed = change.pixels != corner()
        assert (change.pixels[changed] == CLASS_IDS[winner]).all() and changed.mean() <= 0.60


def test_a_map_of_one_class_cannot_be_merged():
    assert changes(labels.merged, np.full((24, 32), SEA, np.uint8)) == []


def test_shredding_changes_15_to_45_percent():
    for index in range(4):
        label = render(1, index, 96, 72)[1]
        for change in changes(labels.shredded, label):
            assert 0.14 <= (change.pixels != label).mean() <= 0.46  # whole blocks do not fill a share exactly


def test_shredding_comes_as_blobs_blocks_and_lines():
    styles = {labels.shredded(corner(), np.random.default_rng(seed)).detail.split()[0] for seed in range(20)}
    assert styles == {"blobs", "blocks", "lines"}


def test_a_collapsed_map_has_one_class_and_often_the_largest():
    found = changes(labels.one_class, corner())
    assert all(len(np.unique(change.pixels)) == 1 for change in found)
    largest = np.bincount(corner().ravel()).argmax()
    assert sum(change.pixels[0, 0] == largest for change in found) >= 2


def test_a_sea_alone_does_not_become_all_sea():
    assert all(change.pixels[0, 0] != SEA for change in changes(labels.one_class, np.full((8, 8), SEA, np.uint8)))


# Fields


def test_a_photo_moves_as_its_map_does():
    label = corner()
    dx, dy = np.full(label.shape, 3.0), np.full(label.shape, -2.0)
    photo = np.repeat(label[..., None], 3, axis=-1)
    assert np.array_equal(moved_photo(photo, dx, dy)[..., 0], moved_label(label, dx, dy))


def test_a_photo_moved_by_half_a_pixel_is_the_mean_of_neighbours():
    photo = np.array([[[0] * 3, [10] * 3, [30] * 3]], np.uint8)
    assert moved_photo(photo, np.full((1, 3), 0.5), np.zeros((1, 3)))[0, :, 0].tolist() == [5, 20, 30]


def test_randomness_follows_from_seed_kind_and_stem():
    draws = {make_generator(*names).random() for names in ((0, "a", "b"), (1, "a", "b"), (0, "c", "b"), (0, "a", "d"))}
    assert len(draws) == 4 and make_generator(0, "a", "b").random() in draws


def test_classes_that_annotators_confuse_are_no_visible_change():
    assert visible_change(np.uint8([SEA, SEA]), np.uint8([WATER, SKY])) == 0.5
