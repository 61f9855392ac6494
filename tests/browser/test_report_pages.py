"""Pages of a report in a real browser: nothing is loaded, tables sort and filter, and nobody is kept out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
import samples
from playwright.sync_api import Browser, Page, sync_playwright

from drcheck.reports.html.documents import documents
from drcheck.run_report import Report

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "the tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


def written(report: Report, directory: Path) -> str:
    (document,) = documents(iter(report.services), lambda: report, split=False)
    file = directory / "report.html"
    file.write_bytes(b"".join(document.pieces))
    return file.as_uri()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Pages of the report that the test names; whatever they ask for, or complain of, fails the test."""
    options: dict[str, Any] = getattr(request, "param", {})
    complaints: list[str] = []
    context = browser.new_context(offline=True, **options)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith("file:") else complaints.append(asked.url))
    page.goto(written(samples.few(), tmp_path))
    yield page
    context.close()
    assert complaints == []


def names(page: Page) -> list[str]:
    found = page.locator("#services tbody tr:visible th a").all_text_contents()
    return [name.strip() for name in found]


def test_a_table_sorts_by_the_head_that_is_pressed_and_back(opened: Page) -> None:
    before = names(opened)
    opened.get_by_role("button", name="service").first.click()
    assert names(opened) == sorted(before)
    opened.get_by_role("button", name="service").first.click()
    assert names(opened) == sorted(before, reverse=True)
    assert opened.locator("#services th[aria-sort]").get_attribute("aria-sort") == "descending"


def test_the_filter_leaves_what_has_the_word(opened: Page) -> None:
    opened.get_by_label("Filter").fill("webshop")
    assert names(opened) == ["webshop"]
    opened.get_by_label("Filter").fill("")
    assert len(names(opened)) == 3


def test_tables_sort_by_keyboard_alone(opened: Page) -> None:
    opened.get_by_role("button", name="kept", exact=True).first.focus()
    opened.keyboard.press("Enter")
    assert opened.locator("#services th[aria-sort]").count() == 1


@pytest.mark.parametrize(
    "opened",
    [
        {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
        {"color_scheme": "dark", "viewport": {"width": 400, "height": 900}},
    ],
    indirect=True,
)
def test_axe_finds_nothing_serious_and_the_page_is_not_wider_than_the_window(opened: Page) -> None:
    opened.evaluate("() => { for (const one of document.querySelectorAll('details')) one.open = true; }")
    opened.evaluate(AXE.read_text("utf-8"))
    found = opened.evaluate("() => axe.run()")
    assert [(one["impact"], one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert opened.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_in_print_no_table_is_wider_than_the_paper(opened: Page) -> None:
    opened.emulate_media(media="print")
    opened.set_viewport_size({"width": 700, "height": 1000})  # A4 between its margins, at 96 pixels an inch
    wide = opened.evaluate(
        "() => [...document.querySelectorAll('table')].filter((one) => one.getBoundingClientRect().right > innerWidth)"
        ".map((one) => one.outerHTML.slice(0, 200))"
    )
    assert wide == []


def test_in_print_no_service_is_left_out_by_a_filter_that_nobody_sees_there(opened: Page) -> None:
    every = names(opened)
    opened.locator("input[data-filters]").fill("no such service")
    assert names(opened) == []
    opened.emulate_media(media="print")
    assert names(opened) == every


def test_hostile_names_run_nothing(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda asked: None if asked.url.startswith("file:") else ran.append(asked.url))
    page.goto(written(samples.hostile(), tmp_path))
    assert page.title().startswith("Backup and recovery promises")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    context.close()
    assert ran == []
