"""The page of a score: what it shows with and without judges, in English and Chinese."""

import json
import re

import numpy as np
import pytest

from data_tools.pages.texts import TEXTS
from data_tools.sets.image_io import write_label, write_photo
from helpers.page_reader import Page
from jittor_tsit.evaluation.image_set import ImageSet, find_set
from jittor_tsit.evaluation.page import SHOWN, ScoredSet, write_page
from jittor_tsit.evaluation.rankings import Ranking, rankings
from jittor_tsit.evaluation.scores import distances
from jittor_tsit.metrics.features import Extractor, fid_input, find_images
from jittor_tsit.metrics.terms import TERMS, Term, absent

COUNT = 20
NO_JUDGES = {name: absent(f"get the judge of {name}") for name in TERMS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Images that become brighter with their number, with label maps, and three dark photographs."""
    root = tmp_path_factory.mktemp("set")
    for name in ("images", "labels", "real"):
        (root / name).mkdir()
    for k in range(COUNT):
        write_photo(root / f"images/{k:02d}.jpg", np.full((24, 32, 3), 12 * k, np.uint8))
        write_label(root / f"labels/{k:02d}.png", np.full((24, 32), k))
    for k in range(3):
        write_photo(root / f"real/{k}.jpg", np.full((24, 32, 3), k, np.uint8))
    return root


def write(folder, terms, path):
    image_set = find_set(folder / "images", folder / "labels")
    photos = find_images(folder / "real")
    scored = ScoredSet("mine", folder / "real", len(photos), "2022a", None, terms, image_set._replace(labels={}))
    write_page(path, scored, rankings(terms, image_set.images, photos))
    return path.read_text(encoding="utf-8")


def stems(html):
    return re.findall(r'<p class="stem">(.*?)</p>', html)


def names(numbers):
    return [f"{k:02d}" for k in numbers]


def test_each_term_of_single_images_shows_its_worst_and_best(folder, tmp_path):
    values = {f"{k:02d}": k / COUNT for k in range(COUNT)}
    html = write(folder, {**NO_JUDGES, "aesthetic": Term(0.5, COUNT, per_image=values)}, tmp_path / "p.html")
    assert stems(html) == [*names(range(SHOWN)), *names(range(COUNT - 1, COUNT - 1 - SHOWN, -1))]
    assert "Aesthetic" in Page(html).text and "美学分" in Page(html, "zh").text


def test_features_order_the_images_by_the_nearest_photograph(folder):
    extractor = Extractor("fid", "kid", fid_input, lambda x: x.mean((2, 3)), "0")
    image_set, photos = find_set(folder / "images", folder / "labels"), find_images(folder / "real")
    terms = distances(("fid", "kid"), image_set, photos, extractor, folder)
    (order,) = rankings(terms, image_set.images, photos)
    assert order.name == "nearness" and order.ordered()[0] == f"{COUNT - 1:02d}" and order.ordered()[-1] == "00"


def test_without_any_judge_the_images_are_ordered_by_their_colours_and_the_page_says_so(folder, tmp_path):
    html = write(folder, NO_JUDGES, tmp_path / "p.html")
    assert stems(html)[SHOWN] == "00"  # black as the photographs
    assert "No judge of single images was there" in Page(html).text
    assert "没有可以给单张图像打分的评判网络" in Page(html, "zh").text


def test_without_judges_and_photographs_the_page_says_that_nothing_orders_the_images(folder, tmp_path):
    images = find_set(folder / "images", folder / "labels").images
    assert rankings(NO_JUDGES, images, []) == []
    scored = ScoredSet("mine", None, 0, "2022a", None, NO_JUDGES, ImageSet(images, {}))
    write_page(tmp_path / "p.html", scored, [])
    text = Page((tmp_path / "p.html").read_text(encoding="utf-8")).text
    assert "without photographs to compare with" in text and "nothing says which images are the worst" in text


def test_a_small_set_shows_each_image_once(folder, tmp_path):
    values = {f"{k:02d}": k / COUNT for k in range(3)}
    assert stems(write(folder, {**NO_JUDGES, "style": Term(0.5, 3, per_image=values)}, tmp_path / "p.html")) == [
        "00",
        "01",
        "02",
    ]


def test_a_term_where_less_is_better_begins_with_the_highest():
    assert Ranking("x", {"a": 1.0, "b": 2.0}, higher_is_better=False).ordered() == ["b", "a"]


def test_label_maps_stand_beside_the_images_and_name_their_classes(folder, tmp_path):
    image_set = find_set(folder / "images", folder / "labels")
    scored = ScoredSet("mine", folder / "real", 3, "2022a", 0.5, NO_JUDGES, image_set)
    write_page(tmp_path / "p.html", scored, [Ranking("colours", dict.fromkeys(image_set.images, 1.0))])
    page = Page((tmp_path / "p.html").read_text(encoding="utf-8"))
    assert [attrs["alt"] for attrs in page.all("img")][:2] == ["label of 00", "image of 00"]
    assert "mountain 0 sky 1 water 2" in page.text and "0.5000" in page.text


def test_the_page_is_one_file_with_the_look_of_the_review_page(folder, tmp_path):
    html = write(folder, NO_JUDGES, tmp_path / "p.html")
    page = Page(html)
    assert not page.all("link", rel="stylesheet") and "http://" not in html and "https://" not in html
    assert all(attrs["src"].startswith("data:image/") for attrs in page.all("img"))
    assert page.all("dl", class_="tiles") and page.all("article", class_="card")
    assert {attrs["data-language"] for attrs in page.all("button")} == {"en", "zh"}
    assert json.loads(re.search(r'id="page-data">(.*?)</script>', html)[1]) == {}


@pytest.mark.parametrize("name", TERMS)
def test_the_page_has_the_meaning_of_every_term(name):
    assert TEXTS[f"term {name}"].en == TERMS[name].meaning
