"""The languages of the report's page in a real browser."""

import re

import pytest

from helpers.review_input import HOSTILE

pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
from selenium.webdriver.common.by import By

from helpers.browser import cards, press, tally


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


def test_what_the_browser_shows_over_a_bar_is_chinese(chinese):
    over = "return [...document.querySelectorAll('svg title')].map((each) => each.textContent)"
    titles = chinese.execute_script(over)
    assert titles and all(" 到 " in each and not re.search("[A-Za-z]{3}", each) for each in titles), titles
    chinese.find_element(By.CSS_SELECTOR, "[data-language=en]").click()
    assert all(" to " in each for each in chinese.execute_script(over))


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
