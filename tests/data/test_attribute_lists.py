"""Attribute lists as people have them: CelebA's, Kaggle's, their own."""

import csv
import unicodedata

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from jittor_tsit.config import DataConfig
from jittor_tsit.data.attribute_lists import PHOTO_FOLDERS, read_attributes
from jittor_tsit.data.labelled_folders import labelled_samples, photos_with_attributes
from jittor_tsit.data.labels import LabelNames

NAMES = LabelNames(("Young", "Male"), ())
VALUES = {"a.jpg": (1, 0), "b.jpg": (0, 0), "c d.jpg": (1, 1)}  # (Young, Male) of each photo


def save_photos(folder, names=VALUES):
    folder.mkdir(parents=True, exist_ok=True)
    for k, name in enumerate(names):
        Image.fromarray(np.full((8, 8, 3), 40 * k, np.uint8)).save(folder / name)


def write_text(path, values=VALUES, no="-1", before="{}\n", header="Male Young", gap="  "):
    """Write a list in CelebA's form. `before` stands before the header; `gap` between the columns."""
    rows = [f"{name}{gap}{male or no}{gap}{young or no}" for name, (young, male) in values.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(before.format(len(rows)) + "\n".join([header, *rows]) + "\n", encoding="utf-8")


def write_csv(path, values=VALUES, no="-1", separator=",", numbered=False, encoding="utf-8"):
    with open(path, "w", newline="", encoding=encoding) as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow([*([""] if numbered else []), "image_id", "Male", "Age", "Young"])
        for k, (name, (young, male)) in enumerate(values.items()):
            writer.writerow([*([k] if numbered else []), name, male or no, "31", young or no])


def found_in(root, num_test=0):
    """Photo's name -> attributes, and the lines for the user."""
    train, _, notes = photos_with_attributes(root, NAMES, num_test)
    return {path.name: tuple(int(value) for value in label) for path, label in zip(*train)}, notes


@pytest.mark.parametrize(
    "write",
    [
        lambda root: write_text(root / "list_attr_celeba.txt"),
        lambda root: write_text(root / "list_attr_celeba.txt", no="0"),
        lambda root: write_text(root / "list_attr_celeba.txt", before=""),
        lambda root: write_text(root / "list_attr_celeba.txt", before="", header="image_id Male Young", gap="\t"),
        lambda root: write_text(root / "Anno/list_attr_celeba.txt"),
        lambda root: write_text(root / "CelebAMask-HQ-attribute-anno.txt"),
        lambda root: write_csv(root / "list_attr_celeba.csv"),
        lambda root: write_csv(root / "list_attr_celeba.csv", no="0", numbered=True),
        lambda root: write_csv(root / "list_attr_celeba.csv", separator=";", encoding="utf-8-sig"),
        lambda root: write_csv(root / "list_attr_celeba.txt"),
    ],
)
def test_every_form_of_a_list_gives_the_same_attributes(tmp_path, write):
    save_photos(tmp_path / "images")
    write(tmp_path)
    assert found_in(tmp_path) == (VALUES, ())


@pytest.mark.parametrize("folder", PHOTO_FOLDERS)
def test_photos_are_found_where_archives_put_them(tmp_path, folder):
    save_photos(tmp_path / folder)
    write_text(tmp_path / "list_attr_celeba.txt")
    assert found_in(tmp_path) == (VALUES, ())


def test_names_with_commas_and_quotes_are_quoted_in_a_csv(tmp_path):
    names = {'me, "smiling".jpg': (1, 1), "a.jpg": (0, 1)}
    save_photos(tmp_path / "images", names)
    write_csv(tmp_path / "list_attr_celeba.csv", names)
    assert found_in(tmp_path)[0] == names


@pytest.mark.parametrize(
    "text",
    [
        "image_id,Male,Young\na.jpg,1.0,-1.0\nb.jpg,-1.0,1.0\n",
        "image_id,Male,Young\na.jpg,True,False\nb.jpg,False,True\n",
        ",Male,Young\na.jpg,1,-1\nb.jpg,-1,1\n",  # pandas, with the names as its index
        "Male\tYoung\tWears Hat\na.jpg\t1\t-1\t1\nb.jpg\t-1\t1\t1\n",
        "image path\tMale\tYoung\na.jpg\t1\t-1\nb.jpg\t-1\t1\n",
        "\n2\n\nfile_path Male Young\na.jpg +1 0\nb.jpg 0 +1\n",
    ],
)
def test_lists_are_read_as_other_programs_write_them(tmp_path, text):
    (tmp_path / "list.txt").write_text(text)
    found, notes = read_attributes(tmp_path / "list.txt", ("Male", "Young"))
    assert found == {"a.jpg": (1, 0), "b.jpg": (0, 1)} and not notes


def test_accents_may_be_written_in_two_ways_and_the_suffix_may_differ(tmp_path):
    save_photos(tmp_path / "images", [unicodedata.normalize("NFD", "Zo\u00eb.jpg"), "000001.png"])
    write_text(tmp_path / "list_attr_celeba.txt", {"Zo\u00eb.jpg": (1, 0), "000001.jpg": (0, 1)})
    found, notes = found_in(tmp_path)
    assert list(found.values()) == [(1, 0), (0, 1)] and not notes


def test_lines_without_a_photo_and_photos_without_a_line_are_counted(tmp_path):
    save_photos(tmp_path / "images", [*VALUES, "z.jpg"])
    write_text(tmp_path / "list_attr_celeba.txt", {"gone.jpg": (1, 1), **VALUES, "gone too.jpg": (0, 0)})
    found, (lines, photos) = found_in(tmp_path)
    assert found == VALUES
    assert "2 of 5 lines have no file in" in lines
    assert lines.endswith("(gone.jpg, …); the 3 photos that are there are used")
    assert "1 photos have no line in" in photos and photos.endswith("(z.jpg)")
    samples = labelled_samples(DataConfig(root=str(tmp_path)), None, (0,), NAMES)
    assert len(samples) == 3 and list(samples.notes) == [lines, photos]  # `train` prints them


def test_another_number_of_lines_than_the_first_says_is_told(tmp_path):
    save_photos(tmp_path / "images")
    write_text(tmp_path / "list_attr_celeba.txt", before="4\n")
    found, notes = found_in(tmp_path)
    assert found == VALUES and len(notes) == 1 and "line 1: says 4 photos, but there are lines for 3" in notes[0]


def test_a_list_of_other_photos_is_refused(tmp_path):
    save_photos(tmp_path / "images")
    write_text(tmp_path / "list_attr_celeba.txt", {"x.jpg": (1, 1)})
    with pytest.raises(InputError, match=r"names none of the 3 photos of .*images \(such as x.jpg; there is a.jpg\)"):
        found_in(tmp_path)


@pytest.mark.parametrize(
    "text, message",
    [
        ("Male Young\na.jpg 1 -1\nb.jpg 0 1\n", "line 3, Male: 0, but no was -1 before"),
        ("Male, Young\na.jpg 1 1\n", "line 1: has ',' between its columns, and line 2 has not; use one separator"),
        ("9\nMale Young\na.jpg,1,1\n", "line 2: has blanks between its columns, and line 3 has ','"),
        ("image_id,Male,Young,Male\na.jpg,1,1,-1\n", "line 1: Male stands there more than once"),
        ("Male Young\na.jpg 1 yes\n", "line 2, Young: 'yes' is no value; allowed are 1 and -1, or 1 and 0"),
        ("2\nMale Young\na.jpg 1 1\nb c.jpg 2 1\n", "line 4, Male: '2' is no value"),
        ("Male Young\na.jpg 1 1\n\na.jpg 1 1\n", "line 4: a.jpg has a line already"),
        ("Male Young\n1 1\n", "line 2: a file name and 2 values are needed, there are 1"),
        ("image_id,Male,Young\na.jpg,1\n", "line 2: a file name and 2 values are needed, there are 1"),
        ("image_id,Male,Young\n\na.jpg,1,\n", "line 3, Young: '' is no value"),
        ("image_id,Male,Old\na.jpg,1,1\n", "has no attribute Young; there are Male, Old"),
        ("", "has no attribute Young; there are none"),
    ],
)
def test_a_faulty_line_is_named(tmp_path, text, message):
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(InputError, match=message):
        read_attributes(tmp_path / "list.txt", NAMES.attributes)
