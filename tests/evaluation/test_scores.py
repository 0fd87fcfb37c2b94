"""`score`: what is judged, what is absent, and faulty input. The judges' networks have tests of their own."""

import json

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.sets.image_io import write_label, write_photo
from helpers.page_reader import Page
from jittor_tsit.commands.score import run_score
from jittor_tsit.evaluation.judges import Judges

SEGMENTER = """
import numpy as np

def segment(photo):
    return (photo[:, :, 0] > 128).astype(np.uint8)
"""


@pytest.fixture
def place(tmp_path):
    """Three images of a dark and a bright half, whose label maps call them 0 and 1 but for a quarter in the second."""
    for folder in ("images", "labels", "real/imgs", "judges"):
        (tmp_path / folder).mkdir(parents=True)
    for k in range(3):
        photo = np.zeros((20, 40, 3), np.uint8)
        photo[:, 20:] = 250
        label = (photo[:, :, 0] > 0).astype(int)
        if k == 1:
            label[:10, :20] = 1
        write_photo(tmp_path / f"images/{k}.jpg", photo)
        write_photo(tmp_path / f"real/imgs/{k}.jpg", photo[:, ::-1])
        write_label(tmp_path / f"labels/{k}.png", label)
    (tmp_path / "judges/mine.py").write_text(SEGMENTER)
    return tmp_path


def score(place, segmenter="judges/mine.py", references=None, page=None):
    judges = Judges(place / "judges", place / segmenter if segmenter else None)
    out = place / "out/score.json"
    status = run_score(place / "images", place / "labels", place / "real", judges, references, "2022a", out, page)
    assert status == 0
    return json.loads(out.read_text())


def test_terms_with_a_judge_are_measured_and_the_others_say_how_to_get_one(place, capsys):
    record = score(place)
    terms = record["terms"]
    assert terms["mask_accuracy"]["value"] == pytest.approx((1 + 0.75 + 1) / 3)
    assert terms["mask_accuracy"]["per_image"] == {"0": 1.0, "1": 0.75, "2": 1.0}
    assert terms["mask_accuracy"]["judge"].startswith("mine.py sha256 ")
    assert terms["fid"]["value"] is None and "pt_inception-2015-12-05" in terms["fid"]["note"]
    assert "--references" in terms["style"]["note"]
    assert record["score"] is None and "jittor" in record["versions"]
    shown = capsys.readouterr().out
    assert "mask_accuracy" in shown and "needs aesthetic, fid" in shown


def test_without_a_segmenter_nothing_is_made_up(place):
    term = score(place, segmenter=None)["terms"]["mask_accuracy"]
    assert term["value"] is None and "segformer_landscape.py" in term["note"]


def test_style_follows_the_references_that_the_json_names(place):
    names = {f"{k}.png": "0.jpg" for k in range(3)}
    (place / "labels/label_to_img.json").write_text(json.dumps(names))
    term = score(place, references=place / "images")["terms"]["style"]
    assert term["value"] == pytest.approx(1.0) and term["count"] == 3


def test_the_page_shows_the_worst_image_first(place):
    score(place, page=place / "page.html")
    page = Page((place / "page.html").read_text())
    worst = page.text.partition("Mask accuracy Share")[2]
    assert worst.index("1 0.75") < worst.index("0 1 2 1")
    assert "needs aesthetic, fid" in page.text
    assert sum(attrs["src"].startswith("data:image/jpeg;base64,") for attrs in page.all("img")) == 3


def remove(path):
    path.unlink()


def make_grey(path):
    Image.new("L", (40, 20)).save(path)


def make_small(path):
    Image.new("RGB", (10, 20)).save(path)


def spoil(path):
    path.write_bytes(b"not an image")


@pytest.mark.parametrize(
    "file, fault, message",
    [
        ("images/1.jpg", remove, r"labels/1.png: no image of that name \(1 of 3 label maps have none\)"),
        ("labels/2.png", remove, r"images/2.jpg: no label map of that name \(1 of 3 images have none\)"),
        ("images/0.jpg", make_grey, r"images/0.jpg: is grey \(L\)"),
        ("images/0.jpg", make_small, "images/0.jpg: has 10x20, and its label map 40x20"),
        ("images/0.jpg", spoil, "images/0.jpg: is not an image"),
        ("judges/mine.py", remove, "mine.py: cannot be loaded"),
        ("judges/mine.py", spoil, "mine.py: cannot be loaded: SyntaxError"),
    ],
)
def test_faulty_input_is_named(place, file, fault, message):
    fault(place / file)
    with pytest.raises(InputError, match=message):
        score(place)


def test_a_segmenter_that_gives_another_size_is_refused(place):
    (place / "judges/mine.py").write_text("def segment(photo):\n    return photo[:10, :10, 0]\n")
    with pytest.raises(InputError, match=r"mine.py .*: gave \(10, 10\) ids for an image of \(20, 40\) pixels"):
        score(place)


@pytest.mark.parametrize(
    "body, message",
    [
        ("raise RuntimeError('no')", r"mine.py: segment\(photo\) fails: RuntimeError: no"),
        ("return None", r"mine.py: segment\(photo\) gave object of shape \(\), not ids"),
        ("return photo[:, :, 0] / 255", r"mine.py: segment\(photo\) gave float64 of shape \(20, 40\), not ids"),
    ],
)
def test_a_segmenter_that_fails_is_named(place, body, message):
    (place / "judges/mine.py").write_text(f"def segment(photo):\n    {body}\n")
    with pytest.raises(InputError, match=message):
        score(place)


def test_two_files_of_one_judge_are_refused(place):
    for suffix in ("pth", "npz"):
        (place / f"judges/vgg16.{suffix}").write_bytes(b"")
    with pytest.raises(InputError, match="vgg16.npz: vgg16.pth lies beside it"):
        score(place)
