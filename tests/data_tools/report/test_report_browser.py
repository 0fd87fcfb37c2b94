"""The report's page in a real browser, opened from disk."""

import json
import shutil
import time

import numpy as np
import pytest

from data_tools.curation.manual import read_manual, write_manual
from data_tools.curation.rules import Decision
from data_tools.report import write_report
from helpers.review_input import ASTRAL, HOSTILE, QUOTES, STEMS, WIDE, make_table, review_arguments
from helpers.same_bytes import assert_same_bytes

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (BROWSER and DRIVER), reason="Chromium or chromedriver is not installed")

REFUSE_STORAGE = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('refused'); }});"


@pytest.fixture(scope="module")
def chrome(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--window-size=1200,900",
        f"--user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def arguments(tmp_path_factory):
    return review_arguments(tmp_path_factory.mktemp("set"))


@pytest.fixture(scope="module")
def path(arguments, tmp_path_factory):
    path = tmp_path_factory.mktemp("page with a blank") / "report.html"
    write_report(path, *arguments)
    return path


@pytest.fixture
def page(chrome, path):
    """The report in a new browser. After the test, check that the page used no network and had no errors."""
    for log in ("performance", "browser"):
        chrome.get_log(log)  # leaves it empty
    open_page(chrome, path)
    yield chrome
    chrome.execute_script("try { localStorage.clear(); } catch (error) {}")
    assert chrome.get_log("browser") == []
    own = ("file:", "data:", "blob:", "chrome:")  # the last is the browser's own start page, still loading
    assert [url for url in requests(chrome) if not url.startswith(own)] == []


def open_page(chrome, path):
    chrome.get(path.as_uri())


def requests(chrome):
    messages = [json.loads(entry["message"])["message"] for entry in chrome.get_log("performance")]
    return [
        message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"
    ]


def cards(page, stem):
    """All cards of a pair, in the order of the page."""
    return [
        card for card in page.find_elements(By.CSS_SELECTOR, "article") if card.get_dom_attribute("data-stem") == stem
    ]


def box(card, word):
    return card.find_element(By.NAME, word)


def press(page, stem, word):
    """Tick a box of a pair's first card as from the keyboard."""
    box(cards(page, stem)[0], word).send_keys(Keys.SPACE)


def ticked(card):
    return [word for word in ("keep", "drop") if box(card, word).is_selected()]


def tally(page):
    return page.find_element(By.ID, "tally").text


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


def speak(page, language):
    """Make the browser prefer a language."""
    agent = page.execute_script("return navigator.userAgent")
    page.execute_cdp_cmd("Emulation.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": language})
    page.refresh()


@pytest.fixture
def chinese(page):
    speak(page, "zh-CN")
    yield page
    speak(page, "en-US")


def heading(page):
    return page.find_element(By.TAG_NAME, "h1").text


def test_the_page_speaks_the_browsers_language(chinese):
    assert heading(chinese) == "审阅整理结果" and tally(chinese) == "没有标记"
    assert chinese.title == "审阅 5 个图像对"
    assert (
        cards(chinese, HOSTILE)[0].find_element(By.TAG_NAME, "img").get_attribute("alt").startswith(HOSTILE + " 的照片")
    )
    press(chinese, HOSTILE, "drop")
    assert tally(chinese) == "1 个标记：保留 0，剔除 1"
    assert "pairs were judged" not in chinese.find_element(By.TAG_NAME, "body").text


def test_a_button_changes_the_language_and_the_browser_remembers_it(chinese):
    chinese.find_element(By.CSS_SELECTOR, "[data-language=en]").click()
    assert heading(chinese) == "Review of a curation" and tally(chinese) == "Nothing marked"
    chinese.refresh()
    assert heading(chinese) == "Review of a curation" and chinese.title == "Review of 5 pairs"
    chinese.find_element(By.CSS_SELECTOR, "[data-language=zh]").click()
    assert heading(chinese) == "审阅整理结果"


def test_without_scripts_the_page_is_english(page):
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.refresh()
        assert heading(page) == "Review of a curation" and "规则" not in page.find_element(By.TAG_NAME, "body").text
    finally:
        page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        page.refresh()
