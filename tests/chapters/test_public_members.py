"""Public data go through the membership chapter by a drafted client file alone."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cxlib import Engagement
from cxlib.chapters.membership import stays, tables
from cxlib.chapters.membership.study import Study
from cxlib.data.draft import new
from cxlib.workspace import Workspace


@pytest.fixture
def drafted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("platformdirs.user_config_dir", lambda *a, **k: str(tmp_path / "config"))
    (tmp_path / "work" / "params").mkdir(parents=True)
    return Workspace(tmp_path / "work")


def study_of(client: str, files: list[Path], workspace: Workspace) -> Study:
    path = new(client, files, workspace).file
    lines = path.read_text(encoding="utf-8").splitlines()
    answered = [line for line in lines if "# ?" not in line]
    path.write_text("\n".join(answered) + "\n", encoding="utf-8")
    e = Engagement.open(client, language="en", chapter="membership", workspace=workspace)
    return Study(engagement=e)


def test_telco_subscribers_stay_by_contract(public_data: Path, drafted: Workspace) -> None:
    file = public_data / "telco_churn" / "Telco-Customer-Churn.csv"
    study = study_of("telco", [file], drafted)
    groups = stays.groups(study).query("segment == 'contract'").set_index("level")
    left = groups["left_n"] / groups["n"]
    assert groups["left_n"].sum() / groups["n"].sum() == pytest.approx(0.2658, abs=1e-3)
    assert left["Month-to-month"] == pytest.approx(0.43, abs=0.01)
    assert left["Two year"] == pytest.approx(0.028, abs=0.002)
    assert groups.loc["Month-to-month", "turn"] == "worse"
    assert study.cohorts is None  # no dates, no cohorts


def test_cdnow_is_valued_from_its_log(public_data: Path, drafted: Workspace) -> None:
    study = study_of("cdnow", [public_data / "cdnow" / "cdnowElog.csv"], drafted)
    assert study.purchases is not None
    assert study.purchases.n == 2_349  # of 2,357; eight never paid anything
    held = tables.holdout(study)
    assert 0.7 < held["ratio"].iloc[0] < 1.3
    grid = tables.rfm(study)
    assert grid.groups["f"] < 5  # most bought once: fewer groups, none invented
    cohorts = stays.cohorts(study)
    assert cohorts.kind == "repeat rate"


def test_complete_journey_is_sorted_as_plain_pandas_would_and_not_valued(
    public_data: Path, drafted: Workspace
) -> None:
    folder = public_data / "complete_journey"
    files = [folder / "transactions_sample.parquet", folder / "demographics.csv"]
    study = study_of("journey", files, drafted)
    assert len(study.listed) == 801
    found = tables.rfm(study)
    with duckdb.connect() as db:
        raw = db.read_parquet(str(files[0])).df()
    day = raw["transaction_timestamp"].dt.normalize()
    paid = raw.groupby(["household_id", day])["sales_value"].sum()
    paid = paid[paid > 0]
    assert len(found.members) == paid.index.get_level_values(0).nunique()
    assert found.members["frequency"].sum() == pytest.approx(len(paid), abs=5)  # the clock's zone
    assert found.members["money"].sum() == pytest.approx(raw["sales_value"].sum())
    assert found.groups == {"r": 5, "f": 5, "m": 5}
    assert study.worth is None  # weekly shoppers of whom nobody drops out: no such model
    assert "no inner maximum" in study.refused["worth"]
    cohorts = stays.cohorts(study)
    assert cohorts.kind == "repeat rate"
