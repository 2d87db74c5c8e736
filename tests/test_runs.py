"""Runs: what a step replaces, what it leaves, and when there is nothing to do."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import shop
from bestiary import pipeline
from bestiary.errors import BestiaryError, ConfigError, FormatError, ModelError, StoreError
from bestiary.files import read_json, write_json
from bestiary.lake.doctor import Findings
from bestiary.lake.runs import STEPS, Run, find_run
from bestiary.sql import connect


def quick(**asked: Any) -> pipeline.Settings:
    return pipeline.Settings.model_validate(shop.QUICK | asked)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small shop with a complete run in `store` and its events in `events`."""
    folder = tmp_path_factory.mktemp("made")
    pipeline.simulate(folder / "events", events=8000, months=2)
    pipeline.run([folder / "events"], folder / "store", settings=quick(language="fr"))
    return folder


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "store", tmp_path / "store"))


def only(store: Path) -> Run:
    (run,) = pipeline.runs(store)
    return run


def rerun(made: Path, store: Path, **asked: Any) -> pipeline.Outcome:
    return pipeline.run([made / "events"], store, settings=quick(**asked))


def test_a_report_drawn_again_keeps_its_language_and_the_run_stays_done(made: Path, store: Path) -> None:
    before = shop.tree(store)
    pipeline.report(store)
    assert shop.tree(store) == before
    assert '<html lang="fr"' in (only(store).path / "report.html").read_text(encoding="utf-8")
    assert rerun(made, store).unchanged


def test_another_language_draws_the_report_and_learns_nothing(made: Path, store: Path) -> None:
    model = only(store).path / "model.json"
    learned = model.stat().st_mtime_ns
    assert not rerun(made, store, language="en").unchanged
    assert '<html lang="en"' in (only(store).path / "report.html").read_text(encoding="utf-8")
    assert model.stat().st_mtime_ns == learned
    assert rerun(made, store, language="en").unchanged


def test_measuring_the_same_customers_again_leaves_the_run_whole(store: Path) -> None:
    before = shop.tree(store)
    assert pipeline.customers(store).gone == ()
    assert pipeline.fit(store, settings=quick()).gone == ()
    assert shop.tree(store) == before
    assert only(store).description() is not None


def test_other_customers_take_what_was_made_of_the_former_ones_away(store: Path) -> None:
    done = pipeline.customers(store, settings=pipeline.Settings(windows=(1, 2, 3)))
    assert set(done.gone) == {*STEPS["fit"], *STEPS["report"]}
    assert {path.name for path in only(store).path.iterdir()} == {"customers.parquet", "quality.json"}
    assert only(store).description() is None


def test_a_step_that_fails_changes_nothing(made: Path, store: Path) -> None:
    before = shop.tree(store)
    with pytest.raises(BestiaryError, match="No events from"):
        pipeline.run([made / "events"], store, as_of=date(1999, 1, 1))
    with pytest.raises(BestiaryError):
        pipeline.fit(store, settings=pipeline.Settings(windows=(1, 2, 3)))
    assert shop.tree(store) == before


def test_an_error_names_the_files_of_the_run_and_not_those_of_its_scratch(store: Path) -> None:
    table = only(store).path / "customers.parquet"
    with pytest.raises(ModelError, match=r"no column number_of_purchases_3m") as other:
        pipeline.fit(store, settings=pipeline.Settings(windows=(1, 2, 3)))
    table.write_bytes(table.read_bytes()[:-20])
    with pytest.raises(ModelError, match="damaged") as cut:
        pipeline.fit(store, settings=quick())
    for error in (other.value, cut.value):
        assert error.found.startswith(str(table))
        assert ".scratch" not in str(error)


def test_figures_of_an_older_version_are_told_before_anything_is_learned(store: Path) -> None:
    run = only(store).path
    # A table that cannot be learned from would be told first if learning had begun.
    (run / "customers.parquet").write_bytes(b"PAR1")
    quality = read_json(run / "quality.json")
    write_json(run / "quality.json", quality | {"format_version": 1})
    with pytest.raises(FormatError, match="format version 1") as error:
        pipeline.fit(store, settings=quick())
    assert "bestiary customers" in error.value.do


@pytest.mark.parametrize(
    "damaged",
    [
        lambda content: content[:60] + bytes(400) + content[460:],
        lambda content: content[:-900] + bytes(400) + content[-500:],
        lambda content: content[:-8] + bytes(4) + content[-4:],
        lambda content: b"PAR1",
    ],
)
def test_a_table_that_is_damaged_before_its_end_is_told_as_that(damaged: Callable[[bytes], bytes], store: Path) -> None:
    table = only(store).path / "customers.parquet"
    table.write_bytes(damaged(table.read_bytes()))
    with pytest.raises(BestiaryError, match="A file of the store cannot be read") as error:
        pipeline.fit(store, settings=quick())
    assert "bestiary customers" in error.value.do
    assert ".scratch" not in str(error.value)
    assert pipeline.report(store, settings=quick()).has("report")  # what it draws is in the summary
    pipeline.customers(store)
    assert pipeline.fit(store, settings=quick()).has("fit")


def test_a_damaged_run_is_not_complete_and_is_made_again(made: Path, store: Path) -> None:
    (only(store).path / "run.json").write_text("{")
    assert only(store).description() is None
    assert not rerun(made, store).unchanged
    assert rerun(made, store).unchanged


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("segments.parquet", "fit"),
        ("scorecard.json", "fit"),
        ("summary.json", "fit"),
        ("quality.json", "customers"),
        ("report.html", "report"),
    ],
)
def test_the_doctor_tells_a_damaged_file_of_a_run_with_the_command_that_writes_it(
    name: str, step: str, store: Path
) -> None:
    path = only(store).path / name
    path.write_bytes(path.read_bytes()[:-20])
    (problem,) = pipeline.doctor(store).problems
    assert problem.startswith(str(path))
    assert problem.endswith(f": bestiary {step} --store {store} --as-of {only(store).as_of}")
    # Also where the report is not drawn yet; what comes after a step that was interrupted is litter.
    (only(store).path / "run.json").unlink()
    assert len(pipeline.doctor(store).problems) == 1


def test_a_run_that_is_not_complete_says_what_is_missing(store: Path) -> None:
    run = only(store)
    told = []
    (run.path / "run.json").write_text("{")
    told.append(run.undone())
    for name in ("run.json", "report.html", "model.json", "customers.parquet", "quality.json"):
        (run.path / name).unlink()
        told.append(run.undone())
    assert told == [
        ("report", "run.json is damaged"),
        ("report", "no run.json"),
        ("report", "no report"),
        ("fit", "no model.json"),
        ("customers", "no customers.parquet"),
        ("customers", "no customers"),
    ]


@pytest.mark.parametrize("calls", [1, 3, 6])
def test_a_replacement_that_ends_half_way_is_never_taken_for_a_run(
    calls: int, made: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, left, path = Path.replace, [calls], only(store).path

    def dying(self: Path, target: Path) -> Path:
        left[0] -= target.parent == path
        if not left[0]:
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dying)
        with pytest.raises(KeyboardInterrupt):
            rerun(made, store, windows=(1, 2, 3), k=3)
    assert Run(path).description() is None
    found = pipeline.doctor(store)
    assert not found.problems
    assert {one.path for one in found.litter} <= {path, *(path / name for names in STEPS.values() for name in names)}
    assert not rerun(made, store, windows=(1, 2, 3), k=3).unchanged
    assert Run(path).description() is not None
    assert pipeline.doctor(store) == Findings((), ())


def test_a_run_that_is_not_there_is_told_with_those_that_are_and_the_commands(store: Path) -> None:
    run, other = only(store), date(2019, 10, 9)
    with pytest.raises(StoreError, match="no run as of 2019-10-09") as error:
        find_run(store, other, "fit")
    assert error.value.allowed == f"Those that have: {run.as_of}."
    first = f"First: bestiary customers --store {store} --as-of 2019-10-09"
    assert error.value.do == f"{first}; then: bestiary fit --store {store} --as-of 2019-10-09"
    (run.path / "model.json").unlink()
    with pytest.raises(StoreError, match="no run at all") as error:
        find_run(store, None, "fit")
    assert (error.value.allowed, error.value.do) == ("", f"First: bestiary fit --store {store} --as-of {run.as_of}")


def test_a_candidate_that_is_there_twice_is_refused(store: Path) -> None:
    settings = quick().model_copy(update={"candidate": None, "candidates": ("rfm_log", "rfm_quartiles", "rfm_log")})
    with pytest.raises(ConfigError, match="candidates: 'rfm_log' is there twice"):
        pipeline.fit(store, settings=settings)


def test_medians_of_a_card_are_those_of_its_customers(store: Path) -> None:
    path = only(store).path
    for segment in read_json(path / "scorecard.json")["segments"]:
        joined = (
            f"read_parquet('{path / 'customers.parquet'}') JOIN read_parquet('{path / 'segments.parquet'}') "
            f"USING (user_id) WHERE segment = {segment['segment']}"
        )
        with connect() as connection:
            (found,) = connection.execute(
                "SELECT median(days_since_last_purchase), median(number_of_purchases_7m), "
                "median(total_purchase_value), median(total_purchase_value / number_of_purchases_7m), "
                f"median(epoch_us(TIMESTAMP '{only(store).as_of}' - first_seen::TIMESTAMP) // 86400000000), count(*) "
                f"FROM {joined}"
            ).fetchall()
        assert [*segment["medians"].values(), segment["customers"]] == pytest.approx(list(found))
