"""Every note that a score can give has a Chinese text on its page."""

import re
from pathlib import Path

import numpy as np
import pytest

from data_tools.sets.image_io import write_photo
from helpers.page_reader import Page
from jittor_tsit.data.label_maps import LabelMaps
from jittor_tsit.evaluation.image_set import ImageSet
from jittor_tsit.evaluation.judges import Judges, Segmenter
from jittor_tsit.evaluation.notes_in_chinese import chinese_note
from jittor_tsit.evaluation.page import ScoredSet, write_page
from jittor_tsit.evaluation.scores import NO_LABELS, NO_PHOTOS, lacking_images, mask_accuracy, style
from jittor_tsit.metrics.frechet import few_images_warning
from jittor_tsit.metrics.terms import TERMS, Term, absent

# Commands, licences, addresses, options, paths and names, which both languages share.
KEPT = r"`[^`]*`|（[\w.-]+）|https?://\S+|--judges none|--?[\w-]+|[\w./-]*[/.]\w+|NIMA|IoU|num_classes|sha256 \w+"
ACCURACY = "on held-out pairs the segmenter's pixel accuracy is 0.912, its mean IoU 0.512"


def notes():
    none, empty, images = Judges(None), ImageSet({}, {}), ImageSet({"a": Path("a.jpg")}, {})
    there = Judges(Path("judges"))
    segmenter = Segmenter("net.safetensors sha256 0123456789ab", "", lambda photo: photo, label_maps=LabelMaps(7))
    found = [NO_LABELS, NO_PHOTOS, none.nima().how, lacking_images(images, [Path("b.jpg")])]
    found += [there.inception().how, there.lpips().how, there.segmenter().how, Judges(Path("mine")).nima().how]
    found += [segmenter.fault(29), few_images_warning(500), style(empty, None, None).note]
    found += [
        f"{ACCURACY}; 3 images whose label maps have no pixel with a class do not count",
        "the segmenter's accuracy is not known: no metrics.jsonl beside it",
        "standard deviation 0.0012 over 10 subsets of 100",
        "NIMA's mean; other judges of aesthetics give other numbers",
        mask_accuracy(empty, segmenter._replace(label_maps=None)).note,
    ]
    return found


@pytest.mark.parametrize("note", notes())
def test_no_english_sentence_is_left(note):
    chinese = chinese_note(note)
    left = re.findall(r"[A-Za-z]{2,}", re.sub(KEPT, "", chinese))
    assert not left, (chinese, left)
    assert all(number in chinese for number in re.findall(r"\d[\d.,]*\d", note))
    assert "; " not in chinese


def test_a_note_of_a_users_own_stays():
    assert chinese_note("get the judge of fid; see the page") == "get the judge of fid; see the page"


def test_the_page_shows_the_notes_in_both_languages(tmp_path):
    write_photo(tmp_path / "a.jpg", np.zeros((8, 8, 3), np.uint8))
    terms = {**{name: absent(NO_PHOTOS) for name in TERMS}, "aesthetic": Term(5.0, 1, note=ACCURACY)}
    scored = ScoredSet("mine", None, 0, "2022a", None, terms, ImageSet({"a": tmp_path / "a.jpg"}, {}))
    write_page(tmp_path / "page.html", scored, [])
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    english, chinese = Page(html).text, Page(html, "zh").text
    assert NO_PHOTOS in english and ACCURACY in english
    assert NO_PHOTOS not in chinese and ACCURACY not in chinese and "平均 IoU 为 0.512" in chinese
