"""Settings: what is refused, and the words it is refused with, which are ours and not those of a library."""

from pathlib import Path

import pytest

from bestiary.config import Settings, load_settings
from bestiary.errors import ConfigError

REFUSED = {
    'memory = "499MB"': "memory: got '499MB'; allowed: at least 500MB; with less not even a small shop can be read.",
    'memory = "4 potatoes"': "memory: got '4 potatoes'; allowed: a size such as '4GB' or '900MB'.",
    "memory = 4": "memory: got 4; allowed: a text.",
    "k = 1": "k: got 1; allowed: at least 2 or 'auto'.",
    'k = "many"': "k: got 'many'; allowed: a whole number or 'auto'.",
    "windows = [0]": "windows: got [0]; allowed: three growing numbers of months between 1 and 120.",
    "windows = [2, 5]": "windows: got [2, 5]; allowed: three growing numbers of months between 1 and 120.",
    "windows = [2, 5, 7, 9]": "windows: got [2, 5, 7, 9]; allowed: three growing numbers of months between 1 and 120.",
    'windows = [2, "five", 7]': "windows.1: got 'five'; allowed: a whole number.",
    "windows = [5, 2, 7]": "windows: got [5, 2, 7]; allowed: three growing numbers of months between 1 and 120.",
    "candidates = []": "candidates: got []; allowed: at least 1 value.",
    "choice = 3": "choice: got 3; allowed: a table of settings.",
    'anew = "yes"': "anew: got 'yes'; allowed: true or false.",
    "anew = 1": "anew: got 1; allowed: true or false.",
    'preset = "good"': "preset: got 'good'; allowed: 'default' or 'amazing'.",
    "test_share = 3": "test_share: got 3; allowed: less than 1.",
    'currency = ""': "currency: got ''; allowed: at least 1 character.",
    "threads = 0": "threads: got 0; allowed: at least 1.",
    "buckets = 1.5": "buckets: got 1.5; allowed: a whole number.",
    "buckets = 5000": "buckets: got 5000; allowed: at most 4096.",
    'time_zone = "Mars"': "time_zone: got 'Mars'; allowed: an IANA time zone such as 'Europe/Paris'.",
    "k_min = 5\nk_max = 3": "k_min = 5 is above k_max = 3.",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_setting_that_cannot_be_used_is_told_in_our_words(text: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_settings(path)
    assert error.value.found == REFUSED[text]
    assert error.value.do == "Correct the setting and run again."


@pytest.mark.parametrize(
    ("text", "name", "meant"),
    [
        ('curency = "EUR"', "'curency'", "'currency'"),
        ("[choice]\ndrawz = 3", "'drawz' of [choice]", "'draws'"),
        ("choice = { smallest_shar = 0.1 }", "'smallest_shar' of [choice]", "'smallest_share'"),
    ],
)
def test_an_unknown_setting_is_told_with_the_one_that_may_be_meant(
    text: str, name: str, meant: str, tmp_path: Path
) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load_settings(path)
    assert error.value.found == f"Unknown setting {name} (did you mean {meant}?) in {path}."
    assert error.value.allowed.startswith("Allowed of [choice]: draws," if "choice" in text else "Allowed: time_zone,")


@pytest.mark.parametrize(
    ("text", "size"),
    [("4GB", 4 * 10**9), ("500MB", 5 * 10**8), ("1.5 GB", 15 * 10**8), ("900MiB", 9 * 10**8), ("2GiB", 2 * 10**9)],
)
def test_a_size_is_read_as_what_it_says(text: str, size: int) -> None:
    assert Settings(memory=text).memory_bytes == size
