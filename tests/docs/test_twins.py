"""English and Chinese pages agree: the same headings, commands, code, links and numbers."""

import re

import pytest

from helpers.source_files import ROOT

TWINS = [(f"{name}.md", f"{name}.zh-CN.md") for name in ("README", "CONTRIBUTING", "data_tools/README")]
TWINS += [(f"docs/{path.name}", f"docs/zh/{path.name}") for path in sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*\n.*?)^```$", re.M | re.S)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?")
FEWEST = 0.05  # share of Chinese characters in a Chinese page; titles of papers have none


def read(page):
    return (ROOT / page).read_text(encoding="utf-8")


def prose(text):
    """A page without code blocks, inline code and link targets."""
    return LINK.sub("]", CODE.sub(" ", BLOCK.sub("", text)))


def headings(text):
    """Levels of the headings, in their order."""
    return [len(each) for each in re.findall(r"^(#+) ", BLOCK.sub("", text), re.M)]


def links(page):
    """Files that a page links to, a twin under the English name; anchors and other sites as they are."""
    english = {chinese: name for name, chinese in TWINS}
    found = set()
    for link in LINK.findall(BLOCK.sub("", read(page))):
        if "://" in link:
            found.add(link)
            continue
        target = ((ROOT / page).parent / link.partition("#")[0]).resolve().relative_to(ROOT.resolve()).as_posix()
        found.add(english.get(target, target))
    return found


def difference(ours, theirs):
    return f"only in English: {sorted(ours - theirs)}; only in Chinese: {sorted(theirs - ours)}"


def test_every_page_has_a_twin():
    names = [{path.name for path in (ROOT / folder).glob("*.md")} for folder in ("docs", "docs/zh")]
    assert names[0] == names[1]


@pytest.mark.parametrize("english, chinese", TWINS)
def test_headings_correspond(english, chinese):
    assert headings(read(english)) == headings(read(chinese))


@pytest.mark.parametrize("english, chinese", TWINS)
def test_blocks_of_code_are_the_same(english, chinese):
    assert BLOCK.findall(read(english)) == BLOCK.findall(read(chinese))


@pytest.mark.parametrize("english, chinese", TWINS)
def test_code_in_the_text_is_the_same(english, chinese):
    ours, theirs = (set(CODE.findall(BLOCK.sub("", read(page)))) for page in (english, chinese))
    assert ours == theirs, difference(ours, theirs)


@pytest.mark.parametrize("english, chinese", TWINS)
def test_numbers_are_the_same(english, chinese):
    ours, theirs = (set(NUMBER.findall(prose(read(page)))) for page in (english, chinese))
    assert ours == theirs, difference(ours, theirs)


@pytest.mark.parametrize("english, chinese", TWINS)
def test_rows_of_tables_have_the_same_numbers(english, chinese):
    rows = [
        [sorted(NUMBER.findall(line)) for line in prose(read(page)).splitlines() if line.startswith("|")]
        for page in (english, chinese)
    ]
    assert len(rows[0]) == len(rows[1])
    for ours, theirs in zip(*rows):
        assert ours == theirs


@pytest.mark.parametrize("english, chinese", TWINS)
def test_links_are_the_same(english, chinese):
    ours, theirs = links(english) - {chinese}, links(chinese) - {english}
    # Each links to its twin, which is the page itself here.
    assert ours - {english} == theirs - {english}, difference(ours, theirs)
    assert english in links(chinese) and english in links(english), "a page must link to its twin"


@pytest.mark.parametrize("english, chinese", TWINS)
def test_the_chinese_page_is_chinese(english, chinese):
    text = prose(read(chinese))
    share = len(re.findall(r"[\u4e00-\u9fff]", text)) / len(re.sub(r"\s", "", text))
    assert share > FEWEST, f"{chinese}: {share:.0%} of the characters are Chinese"
