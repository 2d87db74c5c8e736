"""A real browser without a network, for the tests of pages: it is started here, and in CI its absence is a failure."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def launched() -> Iterator["Browser"]:
    """Chromium; where it is not installed the test is skipped, and fails in CI."""
    named = os.environ.get("BESTIARY_CHROMIUM")
    path = named or next((found for found in map(shutil.which, CHROMIUM) if found), None)
    if path is None:
        message = "no Chromium: install it (apt-get install chromium) or name it in BESTIARY_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()
