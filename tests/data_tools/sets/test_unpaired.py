"""`check` of sets without pairs of photos and label maps: what can be checked is checked."""

import numpy as np
import pytest
from PIL import Image

import data_tools
from data_tools.__main__ import main
from data_tools.sets.image_io import write_label, write_photo

PHOTO = np.zeros((8, 12, 3), np.uint8)


def photos(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        write_photo(folder / name, PHOTO)
    return folder


def check(root, capsys, *options):
    status = main(["check", "--data", str(root), *options])
    out, errors = capsys.readouterr()
    return status, out.replace(f"{root}/", ""), errors.replace(f"{root}/", "")


def test_two_domains_are_read_and_what_is_damaged_is_named(tmp_path, capsys):
    photos(tmp_path / "trainA", "a.jpg", "b.jpg")
    photos(tmp_path / "trainB", "c.jpg")
    assert check(tmp_path, capsys) == (
        0,
        "",
        "trainA: 2 images\ntrainB: 1 image\nno pairs of photos and label maps; 3 images read, 0 broken, 0 odd\n",
    )
    path = tmp_path / "trainA/b.jpg"
    path.write_bytes(path.read_bytes()[:-20])
    Image.fromarray(PHOTO).convert("CMYK").save(tmp_path / "trainB/d.jpg")
    (tmp_path / "trainB/e.heic").write_bytes(b"")
    status, out, errors = check(tmp_path, capsys)
    lines = out.splitlines()
    assert status == 1 and lines[0].startswith("broken: trainA/b.jpg: is ")
    assert lines[1] == "odd: trainB/d.jpg: is CMYK (becomes RGB without a colour profile)"
    assert lines[2].startswith("odd: trainB/e.heic: does not end as an image does") and len(lines) == 3
    assert errors.endswith("4 images read, 1 broken, 2 odd\n")


@pytest.mark.parametrize(
    "a, b, lone",
    [
        ("12", "123", ["trainB/3.jpg: has no image of that name in trainA"]),
        ("124", "123", ["trainB/3.jpg: has", "trainA/4.jpg: has no image of that name in trainB"]),
        ("1567", "1234", []),  # two sets of other images, which share one name
    ],
)
def test_image_pairs_need_equal_names(tmp_path, capsys, a, b, lone):
    for folder, numbers in (("trainA", a), ("trainB", b)):
        photos(tmp_path / folder, *(f"{number}.jpg" for number in numbers))
    status, out, _ = check(tmp_path, capsys)
    assert status == bool(lone) and out.count("odd: ") == len(lone) and all(line in out for line in lone)


@pytest.mark.parametrize("place", [".", "imgs", "train", "train/sea", "set/train/forest"])
def test_photos_alone_and_folders_of_classes_are_read(tmp_path, capsys, place):
    photos(tmp_path / place, "a.jpg")
    (tmp_path / place / "b.png").write_bytes(b"x")
    status, out, errors = check(tmp_path, capsys)
    if place.count("/") == 2:  # too deep: another layout
        assert status == 2 and "holds neither" in errors
    else:
        assert status == 1 and out.startswith("broken: ") and "2 images read, 1 broken" in errors


def test_an_orientation_does_no_harm_without_label_maps(tmp_path, capsys):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(PHOTO).save(photos(tmp_path) / "a.jpg", exif=exif)
    assert check(tmp_path, capsys)[:2] == (0, "")


@pytest.mark.parametrize("folder", ["labels", "test"])
def test_label_maps_alone_are_read_as_such(tmp_path, capsys, folder):
    (tmp_path / folder).mkdir()
    write_label(tmp_path / folder / "a.png", np.full((4, 4), 28))
    assert check(tmp_path, capsys) == (
        0,
        "",
        f"{folder}: 1 label map\nno pairs of photos and label maps; 1 image read, 0 broken, 0 odd\n",
    )
    write_label(tmp_path / folder / "b.png", np.full((4, 4), 29))
    assert check(tmp_path, capsys)[1].startswith(f"broken: {folder}/b.png: class id 29")
    assert check(tmp_path, capsys, "--num-classes", "30")[0] == 0
    assert [problem.stem for problem in data_tools.check(tmp_path)] == ["b"]


def test_a_folder_without_images_is_still_refused(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("")
    assert check(tmp_path, capsys)[0] == 2
    with pytest.raises(data_tools.InputError, match="holds neither"):
        data_tools.check(tmp_path)
