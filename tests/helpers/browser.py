"""Steps in a page that a real browser shows, and where the browser is."""

import json
import shutil

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")


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
