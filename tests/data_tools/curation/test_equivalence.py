"""Equivalence classes of label maps, and which photos of a class are kept."""

import numpy as np
import pytest

from data_tools.basics.errors import InputError
from data_tools.curation import equivalence, neighbours
from data_tools.curation.equivalence import (
    ClassMember,
    EquivalenceClass,
    equivalence_classes,
    read_classes,
    relative_ranks,
    thin,
    write_classes,
)


def horizon(*rows, width=8, height=10):
    """Sky above ground that begins in the given row of each column group: [height, width] uint8."""
    tops = np.repeat(rows, width // len(rows))
    return (np.arange(height)[:, None] >= tops).astype(np.uint8)


def scattered(rng, count=300, kinds=12):
    """Maps with horizons at all heights, slopes in both directions, single wrong cells, and copies."""
    maps = np.stack([horizon(*rng.integers(1, 10, 2)) for _ in range(count)])
    maps[::3] += rng.integers(0, kinds // 4, (len(maps[::3]), 1, 1)).astype(np.uint8)
    for map_ in maps[::2]:
        map_[rng.integers(0, 10, 4), rng.integers(0, 8, 4)] = 9
    return maps


def agreement(a, b):
    return (a == b).mean()


def members_of(classes):
    return [one.members.tolist() for one in classes]


def lab(*lightness, height=2, width=3):
    """Grey thumbnails of the given lightness, 0..255: [n, height, width, 3] uint8."""
    photos = np.full((len(lightness), height, width, 3), 128, np.uint8)
    photos[..., 0] = np.array(lightness)[:, None, None]
    return photos


def one_class(size, mirrored=()):
    return EquivalenceClass(0, np.arange(size), np.isin(np.arange(size), mirrored))


# Classes


def test_near_maps_form_a_class_and_others_stay_alone():
    maps = np.stack([horizon(4), horizon(9), horizon(4, 5), horizon(1), horizon(4)])
    (one,) = equivalence_classes(maps, 0.9)
    assert one.members.tolist() == [0, 2, 4]
    assert one.medoid == 0  # two are equal to it, or one and itself
    assert one.mirrored.tolist() == [False] * 3


@pytest.mark.parametrize("flips", [False, True])
@pytest.mark.parametrize("least", [0.6, 0.8, 0.95])
def test_every_member_agrees_with_the_medoid_and_is_in_one_class(least, flips):
    maps = scattered(np.random.default_rng(0))
    classes = equivalence_classes(maps, least, flips)
    assert len(classes) > 3
    everyone = np.concatenate([one.members for one in classes])
    assert len(set(everyone)) == len(everyone)
    for one in classes:
        assert len(one.members) >= 2 and one.medoid in one.members and (np.diff(one.members) > 0).all()
        for member, mirrored in zip(one.members, one.mirrored):
            seen = maps[member][:, ::-1] if mirrored else maps[member]
            assert agreement(seen, maps[one.medoid]) >= least


@pytest.mark.parametrize("flips", [False, True])
def test_the_order_of_the_input_plays_no_part(flips):
    maps = scattered(np.random.default_rng(1))
    order = np.random.default_rng(2).permutation(len(maps))
    classes = {tuple(members) for members in members_of(equivalence_classes(maps, 0.85, flips))}
    permuted = {tuple(sorted(order[members])) for members in members_of(equivalence_classes(maps[order], 0.85, flips))}
    assert classes == permuted


def test_small_blocks_and_loose_bounds_change_nothing(monkeypatch):
    maps = scattered(np.random.default_rng(3))
    classes = members_of(equivalence_classes(maps, 0.85, flips=True))
    for module, name, value in (
        (equivalence, "_QUEUE", 3),
        (equivalence, "_ROWS", 7),
        (neighbours, "BLOCK", 500),
        (neighbours, "LANDMARKS", 4),
    ):
        monkeypatch.setattr(module, name, value)
    assert members_of(equivalence_classes(maps, 0.85, flips=True)) == classes


def test_a_chain_of_small_steps_is_cut():
    maps = np.stack([horizon(row) for row in range(1, 10)])  # neighbours agree in 90 %, the ends in 20 %
    classes = equivalence_classes(maps, 0.9)
    assert max(len(one.members) for one in classes) == 3
    assert all((abs(one.members - one.medoid) <= 1).all() for one in classes)


def test_a_map_goes_to_the_centre_that_it_agrees_with_most():
    # Row 3 agrees with most maps, and so takes rows 1 and 5 first; row 5 agrees more with row 6.
    maps = np.stack([horizon(row) for row in (1, 1, 1, 1, 3, 3, 3, 5, 6, 6)])
    assert members_of(equivalence_classes(maps, 0.8)) == [[0, 1, 2, 3, 4, 5, 6], [7, 8, 9]]


def test_copies_count_where_centres_are_chosen():
    maps = np.stack([horizon(row) for row in (1, 1, 1, 1, 3, 5, 5, 5, 5)])  # row 3 agrees with all, the others with 5
    (one,) = equivalence_classes(maps, 0.8)
    assert one.medoid == 4 and len(one.members) == 9


def test_the_medoid_is_the_one_of_highest_mean_agreement():
    # All five agree with each other; row 4 is in their middle.
    maps = np.stack([horizon(row) for row in (2, 3, 4, 5, 6)])
    (one,) = equivalence_classes(maps, 0.6)
    assert one.medoid == 2


def test_the_medoid_of_a_class_beyond_the_sample_agrees_with_all(monkeypatch):
    monkeypatch.setattr(equivalence, "SAMPLE", 2)
    maps = np.stack([horizon(row) for row in range(1, 10)])
    for one in equivalence_classes(maps, 0.75):
        assert all(agreement(maps[member], maps[one.medoid]) >= 0.75 for member in one.members)


def test_mirrored_maps_are_equivalent_only_with_flips():
    maps = np.stack([horizon(2, 6), horizon(6, 2), horizon(2, 6)])
    (one,) = equivalence_classes(maps, 0.9)
    assert one.members.tolist() == [0, 2]
    (both,) = equivalence_classes(maps, 0.9, flips=True)
    assert both.members.tolist() == [0, 1, 2]
    assert both.mirrored.tolist() == [False, True, False]


def test_the_largest_class_comes_first():
    maps = np.stack([horizon(1)] * 2 + [horizon(9)] * 3 + [horizon(5)] * 2)
    assert members_of(equivalence_classes(maps, 1.0)) == [[2, 3, 4], [0, 1], [5, 6]]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_maps_that_differ_form_no_class(count):
    assert equivalence_classes(np.stack([horizon(1), horizon(9)])[:count], 0.9, flips=True) == []


def test_an_impossible_agreement_is_refused():
    with pytest.raises(ValueError, match="agreement is 90"):
        equivalence_classes(np.stack([horizon(1)]), 90)


# Thinning


def test_typical_photos_come_first():
    ranking = thin(one_class(4), lab(0, 100, 110, 255), np.zeros(4))
    assert ranking.order.tolist() == [1, 2, 0, 3]  # mean differences in steps of L: 155, 122, 122, 200


def test_well_exposed_photos_come_first_where_all_are_as_typical():
    ranking = thin(one_class(3), lab(50, 50, 50), np.array([0.2, 0.0, 0.1]))
    assert ranking.order.tolist() == [1, 2, 0]


def test_both_ranks_count_and_ties_go_by_index():
    # Typical: member 1, 2, 0; exposed: 0, 1, 2. Sums 2, 1, 3.
    assert thin(one_class(3), lab(0, 90, 100), np.array([0.0, 0.1, 0.2])).order.tolist() == [1, 0, 2]
    # A fault of unknown size ranks last; sums 0 + 2, 0 + 0 and 0 + 1.
    assert thin(one_class(3), lab(9, 9, 9), np.array([np.nan, 0.0, 0.1])).order.tolist() == [1, 2, 0]
    assert thin(one_class(3), lab(9, 9, 9), np.zeros(3)).order.tolist() == [0, 1, 2]


def test_spread_is_the_mean_difference_of_all_pairs_in_lab_units():
    assert thin(one_class(3), lab(0, 51, 255), np.zeros(3)).spread == pytest.approx((20 + 80 + 100) / 3)
    photos = lab(10, 10)
    photos[1, :, 0] = 10, 128 + 30, 128 - 40  # one column of three in another colour: distance 50 there
    assert thin(one_class(2), photos, np.zeros(2)).spread == pytest.approx(50 / 3)


def test_a_mirrored_members_photo_is_mirrored_first():
    photos = lab(0, 0)
    photos[0, :, 0, 0] = photos[1, :, -1, 0] = 255
    assert thin(one_class(2), photos, np.zeros(2)).spread > 0
    assert thin(one_class(2, mirrored=[1]), photos, np.zeros(2)).spread == 0


def test_photos_are_those_of_the_members():
    members = EquivalenceClass(3, np.array([3, 5, 6]), np.zeros(3, bool))
    ranking = thin(members, lab(0, 0, 0, 100, 0, 200, 110), np.array([9, 9, 9, 0.1, 9, 0, 0.2]))
    assert ranking.order.tolist() == [3, 5, 6]  # typical: 6, 3, 5; exposed: 5, 3, 6; all sums are 2
    assert ranking.spread == pytest.approx((100 + 90 + 10) / 3 * 100 / 255)


def test_a_member_of_the_sample_is_not_compared_with_itself(monkeypatch):
    monkeypatch.setattr(equivalence, "REFERENCES", 2)  # the first and the last
    ranking = thin(one_class(4), lab(0, 110, 110, 100), np.zeros(4))
    assert ranking.order.tolist() == [1, 2, 0, 3]  # mean differences in steps of L: 100, 60, 60, 100
    assert ranking.spread == pytest.approx((100 + 120 + 120 + 100) / 6 * 100 / 255)


def test_a_large_class_is_ranked_by_a_sample(monkeypatch):
    photos = np.random.default_rng(4).integers(0, 256, (60, 2, 3, 3)).astype(np.uint8)
    exact = thin(one_class(60), photos, np.zeros(60))
    monkeypatch.setattr(equivalence, "REFERENCES", 30)
    estimate = thin(one_class(60), photos, np.zeros(60))
    assert estimate.spread == pytest.approx(exact.spread, rel=0.02)
    assert len(set(estimate.order[:20]) & set(exact.order[:20])) > 14


# Redundancy


def test_redundancy_is_the_rank_by_the_number_kept():
    faults = np.array([0.0, 0.4, 0.3, 0.2, 0.1, 0.0])
    members = EquivalenceClass(1, np.array([1, 2, 3, 4, 5]), np.zeros(5, bool))
    photos = lab(0, 0, 255, 0, 255, 255)
    order = thin(members, photos, faults).order
    redundant = relative_ranks([members], photos, faults, keep=2, min_difference=10)
    np.testing.assert_allclose(redundant[order], [0, 0.5, 1, 1.5, 2])
    assert redundant[0] == 0


def test_a_class_of_like_photos_is_not_thinned():
    photos = lab(100, 100, 110, 110)  # spread: 4 of 6 pairs differ by 3.92
    for least, sum_of_redundancy in ((2.6, 0 + 1 + 2 + 3), (2.7, 0)):
        assert relative_ranks([one_class(4)], photos, np.zeros(4), 1, least).sum() == sum_of_redundancy


# Table


def test_classes_are_read_as_they_were_written(tmp_path):
    classes = [
        EquivalenceClass(1, np.array([1, 2, 4]), np.array([False, True, False])),
        EquivalenceClass(0, np.array([0, 3]), np.zeros(2, bool)),
    ]
    write_classes(tmp_path / "c.csv", ["a", "b", "c,c", "d", "e"], classes, np.array([0, 1.0, 0.5, 0, 0]), keep=2)
    assert (tmp_path / "c.csv").read_text() == (
        'class,stem,rank,mirrored,kept\n0,e,0,0,1\n0,"c,c",1,1,1\n0,b,2,0,0\n1,a,0,0,1\n1,d,0,0,1\n'
    )
    assert read_classes(tmp_path / "c.csv") == [
        [ClassMember("e", 0, False, True), ClassMember("c,c", 1, True, True), ClassMember("b", 2, False, False)],
        [ClassMember("a", 0, False, True), ClassMember("d", 0, False, True)],
    ]


def test_a_table_of_no_classes_has_a_header_only(tmp_path):
    write_classes(tmp_path / "c.csv", [], [], np.empty(0), keep=3)
    assert read_classes(tmp_path / "c.csv") == []


@pytest.mark.parametrize(
    "row",
    [
        "1,a,0,0,1",
        "-1,a,0,0,1",
        "0,a,x,0,1",
        "0,a,-1,0,1",
        "0,a,0,2,1",
        "0,a,0,0,yes",
        pytest.param(f"0,a,{'9' * 5000},0,1", id="too long for Python"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(tmp_path, row):
    (tmp_path / "c.csv").write_text(f"class,stem,rank,mirrored,kept\n{row}\n")
    with pytest.raises(InputError, match=r"c\.csv: row 2 is .*numbered from 0"):
        read_classes(tmp_path / "c.csv")


def test_another_table_is_refused(tmp_path):
    (tmp_path / "c.csv").write_text("stem,value\na,1\n")
    with pytest.raises(InputError, match="has the columns stem, value; they must be class, stem"):
        read_classes(tmp_path / "c.csv")
