"""What is kept for the pages: read back whole, or refused with the file's name and what to do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bestiary.errors import BestiaryError, FormatError, ModelError
from bestiary.files import read_json, write_json
from bestiary.report.html import write_report
from bestiary.report.kept import FORMAT_VERSION, read_summary
from report_run import make_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path, personas=("lion", "fox"))


def refused(run: Path, kind: type[BestiaryError]) -> str:
    """What is said where the run can be neither read nor drawn; the report that was there stays away."""
    with pytest.raises(kind) as reading:
        read_summary(run)
    with pytest.raises(kind) as drawing:
        write_report(run, "en")
    assert str(reading.value) == str(drawing.value)
    assert not (run / "report.html").exists()
    return str(reading.value)


@pytest.mark.parametrize("name", ["summary.json", "sample.parquet"])
@pytest.mark.parametrize("left", [None, 0, 3, 0.5, -1])
def test_a_file_that_is_missing_or_cut_is_named_with_what_to_do(run: Path, name: str, left: float | None) -> None:
    path = run / name
    content = path.read_bytes()
    if left is None:
        path.unlink()
    else:
        kept = int(len(content) * left) if 0 < left < 1 else int(left)
        path.write_bytes(content[:-4] if left == -1 else content[:kept])
    said = refused(run, ModelError)
    assert str(path) in said
    assert "Run the step that writes it again" in said


def test_a_sample_that_is_damaged_before_its_end_is_named(run: Path) -> None:
    path = run / "sample.parquet"
    content = path.read_bytes()
    for damaged in (content[:200] + bytes(400) + content[600:], content[:-40] + b"\xff" * 32 + content[-8:]):
        path.write_bytes(damaged)
        assert str(path) in refused(run, ModelError)


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, 0, "1", None])
def test_figures_of_another_format_are_refused(run: Path, version: Any) -> None:
    write_json(run / "summary.json", read_json(run / "summary.json") | {"format_version": version})
    said = refused(run, FormatError)
    assert str(run / "summary.json") in said
    assert repr(version) in said
    assert f"Allowed: {FORMAT_VERSION}." in said
    assert "bestiary fit" in said


def test_points_come_back_typed_and_of_equal_length_with_ids_only_for_who_asks(run: Path) -> None:
    points = read_summary(run)["sample"]["points"]
    assert {name: column.dtype for name, column in points.items()} == {
        "segment": np.int16,
        **dict.fromkeys(("recency", "frequency", "monetary", "pc1", "pc2"), np.float32),
    }
    assert {len(column) for column in points.values()} == {140}
    told = read_summary(run, who=True)["sample"]["points"]
    assert len(set(told["who"])) == 140
    assert all((told[name] == column).all() for name, column in points.items())
