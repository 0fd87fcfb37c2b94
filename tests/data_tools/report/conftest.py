"""A browser, and the review page in it. The tests are skipped where there is no browser or no driver for it."""

import pytest

from data_tools.report import write_report
from helpers.review_input import review_arguments


@pytest.fixture(scope="module")
def chrome(tmp_path_factory):
    """A browser without window. It records what pages load and what goes wrong in them."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    from selenium.webdriver.chrome.service import Service

    from helpers.browser import BROWSER, DRIVER

    if not (BROWSER and DRIVER):
        pytest.skip("Chromium or chromedriver is not installed")
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
    from helpers.browser import open_page, requests

    for log in ("performance", "browser"):
        chrome.get_log(log)  # leaves it empty
    open_page(chrome, path)
    yield chrome
    chrome.execute_script("try { localStorage.clear(); } catch (error) {}")
    assert chrome.get_log("browser") == []
    own = ("file:", "data:", "blob:", "chrome:")  # the last is the browser's own start page, still loading
    assert [url for url in requests(chrome) if not url.startswith(own)] == []
