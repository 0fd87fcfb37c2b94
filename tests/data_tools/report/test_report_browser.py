"""The report's page in a real browser, opened from disk."""

import time

import numpy as np
import pytest

from data_tools.curation.manual import read_manual, write_manual
from data_tools.curation.rules import Decision
from data_tools.report import write_report
from helpers.review_input import ASTRAL, HOSTILE, QUOTES, STEMS, WIDE, make_table
from helpers.same_bytes import assert_same_bytes

pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from helpers.browser import box, cards, open_page, press, tally, ticked

REFUSE_STORAGE = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('refused'); }});"


def saved(page, folder):
    """The file that the button downloads."""
    page.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    page.find_element(By.ID, "save").click()
    deadline = time.monotonic() + 20
    while not (folder / "manual.txt").exists():
        assert time.monotonic() < deadline, f"nothing was downloaded: {list(folder.iterdir())}"
        time.sleep(0.05)
    return folder / "manual.txt"


def test_all_images_are_decoded(page):
    sizes = page.execute_async_script("""
        const done = arguments[arguments.length - 1];
        const images = [...document.images];
        for (const image of images) image.loading = "eager";
        Promise.all(images.map((image) => image.decode())).then(
            () => done(images.map((image) => [image.naturalWidth, image.naturalHeight, image.clientWidth])),
            (error) => done(String(error)));""")
    assert len(sizes) > 20 and np.min(sizes) > 0, sizes


def test_names_arrive_as_they_are_and_run_no_script(page):
    stems = {card.get_dom_attribute("data-stem") for card in page.find_elements(By.CSS_SELECTOR, "article")}
    assert stems == set(STEMS)
    assert len(page.find_elements(By.TAG_NAME, "script")) == 2
    assert page.execute_script("return document.body.textContent.includes(arguments[0])", HOSTILE)


def test_a_page_starts_unmarked_and_offers_nothing_to_save(page):
    assert tally(page) == "Nothing marked"
    assert not page.find_element(By.ID, "save").is_enabled()


def test_keep_and_drop_exclude_each_other(page):
    card = cards(page, HOSTILE)[0]
    for word, expected in (("keep", ["keep"]), ("drop", ["drop"]), ("drop", [])):
        press(page, HOSTILE, word)
        assert ticked(card) == expected
    assert tally(page) == "Nothing marked"


def test_a_click_on_the_word_marks_too(page):
    card = cards(page, QUOTES)[0]
    page.execute_script("arguments[0].scrollIntoView({behavior: 'instant', block: 'center'})", card)
    card.find_element(By.CSS_SELECTOR, "label.drop").click()
    assert ticked(card) == ["drop"] and tally(page) == "1 marked: 0 keep, 1 drop"


def test_every_card_of_a_pair_shows_its_mark(page):
    assert len(cards(page, HOSTILE)) == 3  # above one limit, below the other, in a class
    press(page, HOSTILE, "drop")
    assert [ticked(card) for card in cards(page, HOSTILE)] == [["drop"]] * 3
    assert {card.get_dom_attribute("data-mark") for card in cards(page, HOSTILE)} == {"drop"}
    assert tally(page) == "1 marked: 0 keep, 1 drop"


def test_a_reload_keeps_the_marks(page):
    press(page, HOSTILE, "drop")
    press(page, ASTRAL, "keep")
    page.refresh()
    assert [ticked(card) for card in cards(page, HOSTILE)] == [["drop"]] * 3
    assert ticked(cards(page, ASTRAL)[0]) == ["keep"] and tally(page) == "2 marked: 1 keep, 1 drop"


def test_keys_mark_and_move(page):
    first, second = page.find_elements(By.CSS_SELECTOR, "article")[:2]
    box(first, "drop").send_keys("k")
    assert ticked(first) == ["keep"]
    box(first, "drop").send_keys(Keys.ARROW_RIGHT)
    page.switch_to.active_element.send_keys("D")
    assert ticked(second) == ["drop"]
    page.switch_to.active_element.send_keys(Keys.ARROW_LEFT)
    page.switch_to.active_element.send_keys("k")
    assert ticked(first) == []


def test_the_saved_file_is_what_write_manual_writes_and_read_manual_reads(page, tmp_path):
    marks = {HOSTILE: False, QUOTES: True, ASTRAL: False, WIDE: True}
    for stem, kept in marks.items():
        press(page, stem, "keep" if kept else "drop")
    (tmp_path / "downloads").mkdir()
    path = saved(page, tmp_path / "downloads")
    write_manual(tmp_path / "ours.txt", marks)
    assert read_manual(path) == marks
    assert_same_bytes(path, tmp_path / "ours.txt")


def test_copy_gives_the_same_text(page, tmp_path):
    page.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]})
    press(page, QUOTES, "keep")
    page.find_element(By.ID, "copy").click()
    text = page.execute_async_script(
        "const done = arguments[0]; setTimeout(() => "
        "navigator.clipboard.readText().then(done, (error) => done(String(error))), 200)"
    )
    assert page.find_element(By.ID, "status").text == "Copied."
    (tmp_path / "copied.txt").write_text(text, encoding="utf-8")
    assert read_manual(tmp_path / "copied.txt") == {QUOTES: True}


def test_clear_asks_and_then_forgets(page):
    press(page, QUOTES, "keep")
    page.find_element(By.ID, "clear").click()
    page.switch_to.alert.dismiss()
    assert ticked(cards(page, QUOTES)[0]) == ["keep"]
    page.find_element(By.ID, "clear").click()
    page.switch_to.alert.accept()
    assert tally(page) == "Nothing marked"
    page.refresh()
    assert ticked(cards(page, QUOTES)[0]) == []


def test_decisions_by_hand_are_marks_to_begin_with(page, arguments, tmp_path):
    pairs, _, rules, decisions, classes = arguments
    decisions = [
        Decision(HOSTILE, True, "selection_2", "manual", "", "", []),
        Decision(QUOTES, False, "selection_1", "manual", "", "", []),
        *decisions[2:],
    ]
    write_report(tmp_path / "r.html", pairs, make_table(), rules, decisions, classes)
    open_page(page, tmp_path / "r.html")
    assert tally(page) == "2 marked: 1 keep, 1 drop"
    assert [ticked(card) for card in cards(page, HOSTILE)] == [["keep"]] * 4
    press(page, HOSTILE, "keep")
    page.refresh()
    assert tally(page) == "1 marked: 0 keep, 1 drop"  # what was taken back stays so


@pytest.mark.parametrize("garbage", ["{", "[1, 2]", '"x"', "null"])
def test_garbage_in_the_storage_does_no_harm(page, garbage):
    press(page, QUOTES, "keep")
    page.execute_script("localStorage.setItem(Object.keys(localStorage)[0], arguments[0])", garbage)
    page.refresh()
    press(page, HOSTILE, "drop")
    assert tally(page) == "1 marked: 0 keep, 1 drop"


def test_a_browser_that_refuses_storage_still_marks_and_says_so(page, tmp_path):
    script = page.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": REFUSE_STORAGE})
    try:
        page.refresh()
        press(page, QUOTES, "keep")
        assert tally(page) == "1 marked: 1 keep, 0 drop"
        assert "remembers nothing" in page.find_element(By.ID, "status").text
        assert read_manual(saved(page, tmp_path)) == {QUOTES: True}
    finally:
        page.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


@pytest.mark.parametrize("width", [320, 390, 800, 1200])
def test_the_page_never_scrolls_sideways(page, width):
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 700},
    )
    try:
        assert page.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
