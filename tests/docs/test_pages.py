"""The pages: sizes, links to files and headings that exist, pictures that are small, names that the code knows."""

import re

import pytest
from PIL import Image

from helpers.source_files import ROOT

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "data_tools/*.md", "experiments/**/*.md")
    for path in ROOT.glob(pattern)
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```", re.S)
FILE = re.compile(r"`((?:tests|jittor_tsit|data_tools|experiments|docs|kernels|layers)/[\w/.-]+\.\w+)`")
RECORDS = ("experiments/mutation/README.md",)  # its results name files as they were called at that time


def text_of(page):
    return CODE.sub("", (ROOT / page).read_text(encoding="utf-8"))


def anchors(path):
    """What GitHub calls the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", CODE.sub("", path.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_headings(page):
    for link in LINK.findall(text_of(page)):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (ROOT / page).parent / name if name else ROOT / page
        assert target.exists(), f"{page}: links to {link}, which does not exist"
        if anchor:
            assert anchor in anchors(target), f"{page}: {link}: there is no such heading"


@pytest.mark.parametrize("page", [page for page in PAGES if page not in RECORDS])
def test_files_that_are_named_exist(page):
    for name in FILE.findall(text_of(page)):
        assert (ROOT / name).exists() or (ROOT / "jittor_tsit" / name).exists(), f"{page}: {name} does not exist"


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("docs/")])
def test_tests_that_are_named_exist(page):
    for name, test in re.findall(r"([\w/]+\.py)::(test_\w+)", text_of(page)):
        found = [path for path in (ROOT / "tests").rglob(name.split("/")[-1]) if path.as_posix().endswith(name)]
        assert any(f"def {test}" in path.read_text(encoding="utf-8") for path in found), f"{page}: {name}::{test}"


def test_the_readme_is_short():
    for page in ("README.md", "README.zh-CN.md"):
        content = (ROOT / page).read_bytes()
        assert len(content.splitlines()) <= 120 and len(content) <= 7_000, page


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("docs/")])
def test_pages_of_docs_are_short_and_linked(page):
    assert len((ROOT / page).read_text(encoding="utf-8").splitlines()) <= 200
    others = (other for other in PAGES if other != page)
    assert any(page == resolved(other, link) for other in others for link in LINK.findall(text_of(other)))


def resolved(page, link):
    """The file that a link of a page leads to, as a path from the repository's folder."""
    target = ((ROOT / page).parent / link.partition("#")[0]).resolve()
    return target.relative_to(ROOT.resolve()).as_posix() if ROOT.resolve() in target.parents else ""


def test_pictures_are_small_and_used():
    pictures = [path for path in (ROOT / "docs/pictures").iterdir() if path.suffix in (".jpg", ".png")]
    assert all(path.stat().st_size < 150_000 for path in pictures)
    assert sum(path.stat().st_size for path in pictures) < 1_500_000
    readme = text_of("README.md")
    for path in pictures:
        assert f"docs/pictures/{path.name}" in readme, path.name
        Image.open(path).load()


def test_the_table_of_systems_has_every_system_with_its_picture():
    from jittor_tsit.systems import SYSTEMS

    readme = text_of("README.md")
    for name in set(SYSTEMS) - {"unit_digits"}:  # UNIT's second form, which makes no landscapes
        assert f"docs/pictures/{name}.jpg" in readme, name


def test_the_python_page_names_everything_public():
    import data_tools
    import jittor_tsit

    text = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    for package in (jittor_tsit, data_tools):
        for name in set(package.__all__) - {"__version__"}:
            assert re.search(rf"\b{name}\b", text), f"docs/python.md: does not name {package.__name__}.{name}"
