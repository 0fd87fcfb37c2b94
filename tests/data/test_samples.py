"""The order of samples, and reading them ahead."""

import dataclasses
import itertools

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import write_label, write_photo
from data_tools.sets.pairing import find_pairs
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.data.read_ahead import read_ahead
from jittor_tsit.data.run_samples import PhasedSamples, WithOther
from jittor_tsit.data.samples import Augmentation, PairedSamples, draw

WIDTH, HEIGHT, COUNT = 32, 16, 5


@pytest.fixture
def samples(tmp_path):
    """Five pairs; photo and label of pair k say k, brighter and higher on the left half."""
    for name in ("imgs", "labels"):
        (tmp_path / name).mkdir()
    for k in range(COUNT):
        label = np.full((HEIGHT, WIDTH), k, np.uint8)
        label[:, : WIDTH // 2] += 10
        write_label(tmp_path / f"labels/{k}.png", label)
        write_photo(tmp_path / f"imgs/{k}.jpg", np.repeat(label[:, :, None] * 8, 3, axis=2))
    augmentation = Augmentation(load=(WIDTH, HEIGHT), size=(WIDTH, HEIGHT), flip=True)
    return PairedSamples(find_pairs(tmp_path), LabelMaps(29), augmentation, seeds=(3, 1))


def batches_of(size, start=0):
    """Steps of one group each, without end."""
    return ([range(place, place + size)] for place in itertools.count(start, size))


def first(iterator, count):
    batches = [next(iterator)[0] for _ in range(count)]
    iterator.close()
    return batches


def test_every_epoch_is_a_permutation_of_its_own():
    epochs = [[draw((3, 1), nimg, 50)[0] for nimg in range(start, start + 50)] for start in (0, 50)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(50))
    assert epochs[0] != epochs[1]


def test_about_half_of_the_samples_are_mirrored():
    mirrored = [draw((3, 1), nimg, 100)[1] for nimg in range(1000)]
    assert 400 < sum(mirrored) < 600  # 6 standard deviations of a fair coin


def test_photo_and_label_are_mirrored_together(samples):
    sides = set()
    for nimg in range(20):
        photo, label = samples(nimg)
        photo_is_brighter_left = photo[:, :8].mean() > photo[:, -8:].mean()
        label_is_higher_left = label[0, 0] > label[0, -1]
        assert photo_is_brighter_left == label_is_higher_left
        sides.add(bool(label_is_higher_left))
    assert sides == {True, False}


@pytest.mark.parametrize("workers", [1, 2])
def test_the_order_does_not_depend_on_the_workers(samples, workers):
    batches = first(read_ahead(samples, batches_of(2), workers), 4)
    for step, (photo, label) in enumerate(batches):
        for k in range(2):
            expected_photo, expected_label = samples(2 * step + k)
            np.testing.assert_array_equal(photo[k], expected_photo)
            np.testing.assert_array_equal(label[k], expected_label)


def test_reading_starts_again_at_any_image(samples):
    batches = first(read_ahead(samples, batches_of(1, start=7), workers=1), 2)
    np.testing.assert_array_equal(batches[0][1][0], samples(7)[1])
    np.testing.assert_array_equal(batches[1][1][0], samples(8)[1])


def test_a_file_that_cannot_be_read_is_named(samples):
    samples.pairs[2].label.write_bytes(b"")
    with pytest.raises(InputError, match="2.png"):
        first(read_ahead(samples, batches_of(1), workers=1), COUNT)


def test_a_step_is_read_in_its_groups_and_reading_ends_with_the_steps(samples):
    steps = list(read_ahead(samples, iter([[range(2), range(2, 3)], [range(3, 4)]]), workers=1))
    assert [[photo.shape[0] for photo, _ in groups] for groups in steps] == [[2, 1], [1]]
    np.testing.assert_array_equal(steps[0][1][1][0], samples(2)[1])


def test_each_phase_reads_its_own_samples_from_its_first_on(samples):
    other = dataclasses.replace(samples, pairs=samples.pairs[:2], seeds=(3, 2))
    phased = PhasedSamples([samples, other], [0, 7])
    for nimg, expected in ((6, samples(6)), (7, other(0)), (9, other(2))):
        np.testing.assert_array_equal(phased(nimg)[1], expected[1])


def test_cuts_are_of_photo_and_label_alike_and_follow_from_the_place(samples):
    augmentation = Augmentation(load=(WIDTH + 8, HEIGHT + 4), size=(WIDTH, HEIGHT), flip=False)
    cutting = dataclasses.replace(samples, augmentation=augmentation)
    borders = set()
    for nimg in range(20):
        photo, label = cutting(nimg)
        assert photo.shape == (HEIGHT, WIDTH, 3) and label.shape == (HEIGHT, WIDTH)
        np.testing.assert_array_equal(label, cutting(nimg)[1])
        border = int(np.argmin(label[0]))  # of the higher left half
        step_in_photo = int(np.argmin(np.diff(photo[0, :, 0].astype(int))))
        assert abs(step_in_photo + 1 - border) <= 2  # resizing and JPEG blur the photo's border
        borders.add(border)
    assert len(borders) > 3 and max(borders) - min(borders) <= 8
    assert cutting.unaugmented(0)[1].shape == (HEIGHT, WIDTH)


def test_others_are_of_other_samples_of_the_epoch(samples):
    both = WithOther(samples)
    for nimg in range(2 * COUNT):
        photo, label, other = both(nimg)
        for ours, theirs in zip((photo, label), samples(nimg)):
            np.testing.assert_array_equal(ours, theirs)
        epoch = range(nimg - nimg % COUNT, nimg - nimg % COUNT + COUNT)
        places = [place for place in epoch if np.array_equal(samples(place)[0], other)]
        assert places and nimg not in places
    assert PhasedSamples([both], [0]).has_other and not PhasedSamples([samples], [0]).has_other


def test_what_a_sample_follows_from_cannot_be_changed_in_place(samples):
    """Processes that read hold copies: a change would reach some of them."""
    for described in (
        samples,
        samples.augmentation,
        samples.label_maps,
        WithOther(samples),
        PhasedSamples([samples], [0]),
    ):
        for field in dataclasses.fields(described):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(described, field.name, None)


@pytest.mark.parametrize(
    "have_sizes, place, expected",
    [
        (False, 4, [5, 6, 7]),
        (True, 3, [4, 1, 0]),  # places 5 and later have images of another size
        (True, 1, [2, 3, 4]),
        (True, 5, [6, 7, 8]),  # the last phase has no end: its samples begin anew
    ],
)
def test_an_unreadable_sample_is_replaced_by_one_of_its_size(have_sizes, place, expected):
    phased = PhasedSamples([None, None], [0, 5], have_sizes)
    assert [phased.next_place(place, number) for number in (1, 2, 3)] == expected


def test_a_replacement_does_not_lie_before_its_phase():
    assert PhasedSamples([None, None, None], [0, 5, 7], True).next_place(6, 4) == 5
