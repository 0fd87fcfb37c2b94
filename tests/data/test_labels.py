"""Photos with attributes and classes: lists, folders, two sets, faults."""

import dataclasses
import random

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from jittor_tsit.config import DataConfig
from jittor_tsit.data.labelled_folders import adaptation_samples, labelled_samples, photos_with_attributes
from jittor_tsit.data.labels import LabelNames

ROWS = {"c.jpg": (1, -1, 1), "a.jpg": (-1, -1, 1), "b.jpg": (1, 1, -1)}  # in another order than the names


def save(path, value, size=(12, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((size[1], size[0], 3), value, np.uint8)).save(path)


def write_list(root, rows, names="Bald Male Young"):
    lines = [str(len(rows)), names, *(f"{name} {' '.join(map(str, values))}" for name, values in rows.items())]
    (root / "list_attr_celeba.txt").write_text("\n".join(lines) + "\n")


def append(root, line):
    path = root / "list_attr_celeba.txt"
    path.write_text(f"3\n{path.read_text().partition(chr(10))[2]}{line}\n")


@pytest.fixture
def faces(tmp_path):
    for k, name in enumerate(sorted(ROWS)):
        save(tmp_path / "faces/imgs" / name, 50 * (k + 1))
    write_list(tmp_path / "faces", ROWS)
    return tmp_path / "faces"


@pytest.fixture
def scenes(tmp_path):
    for k, name in enumerate(("sea", "forest")):
        for number in range(2 + k):
            save(tmp_path / "scenes" / name / f"{number}.jpg", 100 * (k + 1) + number)
    return tmp_path / "scenes"


def samples_of(root, names, **fields):
    config = DataConfig(root=str(root), image_width=4, image_height=4, flip=False, **fields)
    return labelled_samples(config, None, (0,), LabelNames(*names))


def test_attributes_come_from_the_list_in_the_order_asked_for(faces):
    names = LabelNames(("Young", "Bald"), ())
    found = photos_with_attributes(faces, names, 0)[0]
    by_name = {photo.name: tuple(label) for photo, label in zip(*found)}
    assert by_name == {"c.jpg": (1, 1), "a.jpg": (1, 0), "b.jpg": (0, 1)}


def test_the_photos_for_test_are_stargans(faces):
    order = list(ROWS)
    random.Random(1234).shuffle(order)  # yunjey/stargan data_loader.py: of the shuffled lines the first are for test
    train, test, _ = photos_with_attributes(faces, LabelNames(("Young", "Bald"), ()), 2)
    assert [photo.name for photo in test[0]] == order[:2]
    assert [photo.name for photo in train[0]] == order[2:]


def test_classes_come_from_folders(scenes):
    samples = samples_of(scenes, ((), ("forest", "sea")))
    assert len(samples) == 5
    photo, label, _ = samples.unaugmented(0)
    assert tuple(label) == (1, 0) and abs(int(photo.mean()) - 200) <= 2  # a JPEG of a forest
    assert tuple(samples.unaugmented(4)[1]) == (0, 1)


def test_the_target_is_a_label_of_the_set_and_each_occurs(scenes):
    samples = samples_of(scenes, ((), ("forest", "sea")))
    targets = {tuple(samples(nimg)[2]) for nimg in range(20)}
    assert targets == {(1, 0), (0, 1)}
    assert any(tuple(samples(nimg)[1]) != tuple(samples(nimg)[2]) for nimg in range(20))


def test_outside_training_a_photos_target_is_the_label_of_the_next_one(faces):
    """Of the last photo, that of the first."""
    names = LabelNames(("Young", "Bald"), ())
    labels = photos_with_attributes(faces, names, 0)[0][1]
    assert len({tuple(label) for label in labels}) == 3
    samples = samples_of(faces, names)
    for place in range(3):
        _, label, target = samples.unaugmented(place)
        assert tuple(label) == tuple(labels[place]) and tuple(target) == tuple(labels[(place + 1) % 3])


def test_two_sets_give_a_sample_each_and_labels_with_a_mask(faces, scenes):
    samples = samples_of(faces, (("Young", "Male"), ("forest", "sea")), second_root=str(scenes))
    assert len(samples) == 5
    for nimg in range(6):
        _, first, _, _, second, target = samples(nimg)
        assert tuple(first[2:]) == (0, 0, 1, 0)
        assert tuple(second[:2]) == (0, 0) and tuple(second[4:]) == (0, 1) and second[2:4].sum() == 1
        assert tuple(target[4:]) == (0, 1)


def test_outside_training_either_of_two_sets_begins_anew_at_its_end(faces, scenes):
    """Three faces beside five scenes: the fourth sample has the first face again."""
    names = (("Young", "Male"), ("forest", "sea"))
    samples = samples_of(faces, names, second_root=str(scenes))
    faces_seen, scenes_seen = zip(*((one[0].mean(), one[3].mean()) for one in map(samples.unaugmented, range(10))))
    assert len(set(faces_seen[:3])) == 3 and faces_seen == (faces_seen[:3] * 4)[:10]
    assert len(set(scenes_seen[:5])) == 5 and scenes_seen == scenes_seen[:5] * 2
    assert sorted(path.name for path in samples.paths()) == sorted([*ROWS, "0.jpg", "1.jpg", "0.jpg", "1.jpg", "2.jpg"])
    assert samples.digest() != dataclasses.replace(samples, second=samples.first).digest()


def test_a_set_to_adapt_to_has_labels_on_one_side_only(scenes, tmp_path):
    for number in range(4):
        save(tmp_path / "target" / f"{number}.jpg", 30 + 50 * number)
    names = LabelNames((), ("forest", "sea"))
    config = DataConfig(root=str(tmp_path), image_width=4, image_height=4, domains=("scenes", "target"))
    samples = adaptation_samples(config, None, (0,), names)
    assert (len(samples.first), len(samples.second)) == (5, 4)
    assert [tuple(samples.unaugmented(place)[1]) for place in range(5)] == [(1, 0)] * 3 + [(0, 1)] * 2
    assert all(tuple(samples.unaugmented(place)[4]) == (0, 0) for place in range(5))
    with_folders = dataclasses.replace(config, domains=("scenes", "scenes"))
    assert len(adaptation_samples(with_folders, None, (0,), names).second) == 5  # photos in class folders, too
    for fields, message in (
        ({"direction": "BtoA"}, "direction=BtoA: a is the domain with classes; must be AtoB"),
        ({"folds": 2}, "folds=2: only pairs"),
        ({"crop": 3}, "crop=3: this system's data has no such option"),
    ):
        with pytest.raises(InputError, match=message):
            adaptation_samples(dataclasses.replace(config, **fields), None, (0,), names)


def test_only_the_middle_is_seen(tmp_path):
    picture = np.zeros((8, 12, 3), np.uint8)
    picture[2:6, 4:8] = 250
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        Image.fromarray(picture).save(tmp_path / name / "0.png")
    photo, _, _ = samples_of(tmp_path, ((), ("x", "y")), crop=4).unaugmented(0)
    assert (photo == 250).all()


def test_photos_are_resized_bilinearly(tmp_path):
    picture = np.full((4, 4, 3), 60, np.uint8)
    picture[:, 2:] = 190
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        Image.fromarray(picture).save(tmp_path / name / "0.png")
    config = DataConfig(root=str(tmp_path), image_width=16, image_height=16)
    photo, _, _ = labelled_samples(config, None, (0,), LabelNames((), ("x", "y"))).unaugmented(0)
    assert (photo.min(), photo.max()) == (60, 190)  # a bicubic filter overshoots beside the edge


def test_another_label_gives_another_digest(faces):
    names = (("Young", "Bald"), ())
    before = samples_of(faces, names).digest()
    write_list(faces, {**ROWS, "a.jpg": (1, -1, 1)})
    assert samples_of(faces, names).digest() != before


def test_what_does_not_fit_is_named(faces, scenes):
    attributes = (("Young", "Bald"), ())
    for change, message in (
        (lambda: write_list(faces, {**ROWS, "a.jpg": (1, 1)}), "line 4: .* 3 values are needed, there are 2"),
        (lambda: write_list(faces, ROWS, names="Bald Male"), "has no attribute Young; there are Bald, Male"),
        (lambda: (faces / "list_attr_celeba.txt").unlink(), "holds no attribute list; needed is list_attr_celeba.txt"),
        (lambda: append(faces, "a.jpg 1 1 1"), "line 6: a.jpg has a line already"),
        (lambda: (faces / "list_attr_celeba.txt").write_bytes(b"3\n\xff"), "is not UTF-8"),
    ):
        write_list(faces, ROWS)
        change()
        with pytest.raises(InputError, match=message):
            samples_of(faces, attributes)
    write_list(faces, ROWS)
    with pytest.raises(InputError, match="num_test=3: .* has 3 photos"):
        samples_of(faces, attributes, num_test=3)
    with pytest.raises(InputError, match="no folder for the class lake; there are forest, sea"):
        samples_of(scenes, ((), ("forest", "lake")))
    with pytest.raises(InputError, match="second_root=: with attributes and classes"):
        samples_of(faces, (("Young",), ("sea",)))
    with pytest.raises(InputError, match="num_test=1: this system's data has no such option"):
        samples_of(scenes, ((), ("forest", "sea")), num_test=1)
    (scenes / "empty").mkdir()
    with pytest.raises(InputError, match="empty: holds no images"):
        samples_of(scenes, ((), ("forest", "empty")))


def test_options_of_other_sets_are_refused(scenes):
    config = DataConfig(root=str(scenes), direction="BtoA")
    names = LabelNames((), ("forest", "sea"))
    with pytest.raises(InputError, match="direction=BtoA"):
        labelled_samples(config, None, (0,), names)
    with pytest.raises(InputError, match="folds=2"):
        labelled_samples(dataclasses.replace(config, direction="AtoB", folds=2), None, (0,), names)
