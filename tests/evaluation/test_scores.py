"""`score`: what is judged, what is absent, and faulty input. The judges' networks have tests of their own."""

import json

import numpy as np
import pytest
from PIL import Image

from data_tools.basics.errors import InputError
from data_tools.sets.class_list import ClassList
from data_tools.sets.image_io import write_label, write_photo
from helpers.page_reader import Page
from jittor_tsit.__main__ import parser
from jittor_tsit.commands.score import run_score
from jittor_tsit.commands.shared_options import classes_of, judges_folder
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.evaluation.image_set import find_photos, find_set
from jittor_tsit.evaluation.judges import Judges, Segmenter
from jittor_tsit.evaluation.scores import distances, table
from jittor_tsit.metrics.features import Extractor, vgg_input
from jittor_tsit.metrics.terms import TERMS, Term

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


def score(place, segmenter="judges/mine.py", references=None, page=None, labels=True, real=True, classes=None):
    judges = Judges(place / "judges", place / segmenter if segmenter else None)
    out = place / "out/score.json"
    folders = place / "images", place / "labels" if labels else None, place / "real" if real else None
    assert run_score(*folders, judges, references, "2022a", out, page, classes) == 0
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
    assert term["value"] is None and "segformer_landscape" in term["note"]


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


def test_what_can_be_scored_is_scored_and_told(place, capsys):
    make_grey(place / "images/0.jpg")
    make_small(place / "images/1.jpg")
    record = score(place)
    assert record["terms"]["mask_accuracy"]["count"] == 3
    assert (record["images"], record["label_maps"], record["real_images"]) == (3, 3, 3)
    said = capsys.readouterr().err
    assert "1 of 3 images are grey" in said and "1 of 3 label maps differ in size" in said
    assert "3 images, 3 label maps, 3 real photographs" in said


@pytest.mark.parametrize("without", ["labels", "real"])
def test_terms_without_what_they_compare_with_are_left_out_with_the_reason(place, without):
    record = score(place, page=place / "page.html", **{without: False})
    term = record["terms"]["mask_accuracy" if without == "labels" else "fid"]
    assert term["value"] is None and f"by --{without}" in term["note"]
    assert record["label_maps" if without == "labels" else "real_images"] == 0


def toy_extractor(name):
    return Extractor(f"{name}_f", f"{name}_k", vgg_input, lambda x: x.mean((2, 3)), "0" * 64)


def test_a_faulty_judge_is_named_before_any_image_is_judged(place):
    (place / "judges/mine.py").write_text("def segment(photo):\n    raise SystemError('an image was judged')\n")
    (place / "judges/vgg16.npz").write_bytes(b"no weights")
    with pytest.raises(InputError, match="vgg16.npz: is a text"):
        score(place)


@pytest.mark.parametrize("folder, counts", [("images", "1 and 3"), ("real/imgs", "3 and 1")])
def test_a_distance_needs_two_images_on_each_side_and_the_other_terms_do_not(place, folder, counts):
    kept = {path.stem for path in (place / folder).iterdir()} - {"1", "2"}
    for name in ("images", "labels") if folder == "images" else (folder,):
        for path in (place / name).iterdir():
            if path.stem not in kept:
                path.unlink()
    record = score(place)
    assert record["terms"]["mask_accuracy"]["count"] == (1 if folder == "images" else 3)
    assert f"there are {counts}" in record["terms"]["fid"]["note"]


def test_the_number_of_real_images_is_kept_with_each_distance(place):
    image_set = find_set(place / "images", None)
    terms = distances(("f", "k"), image_set, find_photos(place / "real")[:2], toy_extractor("toy"), place)
    assert [(term.count, term.num_real) for term in terms.values()] == [(3, 2), (3, 2)]
    assert table({name: Term(None) for name in TERMS} | {"fid": terms["f"]}, "2022a", None)[3][2:4] == ["3", "2"]


OWN = """
import numpy as np

def segment(photo):
    return np.full(photo.shape[:2], 149)
"""


@pytest.fixture
def own(place):
    """Label maps of class 149 with a line without a class, 255, and a segmenter that always says 149."""
    (place / "judges/mine.py").write_text(OWN)
    for path in (place / "labels").iterdir():
        label = np.full((20, 40), 149)
        label[:, :10] = 255
        write_label(path, label)
    return place


def test_classes_of_the_label_maps_are_found_and_pixels_without_one_do_not_count(own, capsys):
    record = score(own, page=own / "page.html")
    assert record["terms"]["mask_accuracy"]["value"] == 1.0
    assert (record["classes"]["num_classes"], record["classes"]["unknown"]) == (150, 255)
    assert "num_classes=150 unknown_id=255" in capsys.readouterr().err


def test_classes_of_the_run_whose_images_these_are_come_first(own, capsys):
    options = {"data": {"num_classes": 200, "unknown_id": 255, "class_names": []}}
    (own / "options.json").write_text(json.dumps(options))
    assert score(own)["classes"]["num_classes"] == 200
    assert "classes of the run in" in capsys.readouterr().err


def test_given_classes_come_before_all_others(own):
    assert score(own, classes=ClassList(160, 255))["classes"]["num_classes"] == 160
    with pytest.raises(InputError, match="class id 255 at pixel x=0, y=0; ids are 0..149: unknown_id=255"):
        score(own, classes=ClassList(150))


def test_an_image_whose_label_map_has_no_class_at_all_does_not_count(own):
    write_label(own / "labels/1.png", np.full((20, 40), 255))
    term = score(own)["terms"]["mask_accuracy"]
    assert term["count"] == 2 and "1 images whose label maps have no pixel with a class" in term["note"]


def test_a_segmenter_of_other_classes_is_left_out_with_the_reason():
    segmenter = Segmenter("seg.npz", "", lambda photo: photo[..., 0], label_maps=LabelMaps(29))
    assert segmenter.fault(29) == "" and "knows 29 classes, and the label maps have 150" in segmenter.fault(150)


def test_two_images_of_one_stem_are_refused(place):
    make_small(place / "images/1.png")
    with pytest.raises(InputError, match="1.png: 1.jpg has the same name"):
        score(place, labels=False)


def test_the_command_takes_the_classes_as_train_does():
    options = parser().parse_args(["score", "--images", "i", "--unknown-id", "255"])
    options.overrides = ["num_classes=150"]
    assert classes_of(options) == ClassList(150, 255)
    options.overrides = ["num_classes=many"]
    with pytest.raises(InputError, match="num_classes=many: a whole number is needed"):
        classes_of(options)


def test_judges_none_leaves_judges_out_even_beside_a_folder_of_that_name(place, monkeypatch):
    monkeypatch.chdir(place)
    (place / "judges").rename(place / "none")
    args = parser().parse_args(["score", "--images", "images", "--judges", "none", "--segmenter", "none/mine.py"])
    judges = Judges(judges_folder(args), args.segmenter)
    assert isinstance(judges.segmenter(), Segmenter)
    for judge in (judges.inception(), judges.nima(), judges.lpips(), Judges(None).segmenter()):
        assert judge.how == "left out by --judges none"
    with pytest.raises(InputError, match="--candidates: needs a judge, .* left out by --judges none"):
        Judges(None).require_any("--candidates")
