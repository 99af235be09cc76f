from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from click.testing import CliRunner
from scipy import stats

from cxlib.data import demo
from cxlib.data.demo import harbour, lakeside, nova
from cxlib.data.demo.__main__ import main
from cxlib.data.demo._survey import bounds, simulate

CLIENTS = {"harbour-hotels": harbour, "lakeside-bank": lakeside, "nova-mall": nova}


# --- the same bytes, and not too many ----------------------------------------------------------


def test_a_rebuild_gives_the_committed_files_byte_for_byte(
    tmp_path: Path, files: SimpleNamespace
) -> None:
    for path in demo.build(tmp_path):
        committed = files.root / path.relative_to(tmp_path)
        if path.suffix != ".xlsx":
            assert path.read_bytes() == committed.read_bytes(), path.name
            continue
        with zipfile.ZipFile(path) as made, zipfile.ZipFile(committed) as kept:
            # compared unpacked: another build of zlib packs the same bytes differently
            assert made.namelist() == kept.namelist()
            assert all(made.read(name) == kept.read(name) for name in made.namelist())


def test_the_command_says_what_it_wrote_and_it_is_all_there_is_and_small(
    tmp_path: Path, files: SimpleNamespace
) -> None:
    done = CliRunner().invoke(main, ["--root", str(tmp_path)], catch_exceptions=False)
    assert done.exit_code == 0
    written = {line.split("  ")[0] for line in done.output.splitlines()}
    every = (path for client in CLIENTS for path in (files.data / client).rglob("*"))
    kept = [path for path in every if path.is_file()]
    assert written == {path.relative_to(files.root).as_posix() for path in kept}
    assert sum(path.stat().st_size for path in kept) < 13_000_000


@pytest.mark.parametrize("client", CLIENTS)
def test_a_demo_key_is_32_public_bytes_of_its_own(client: str, files: SimpleNamespace) -> None:
    text = (files.data / client / demo.KEY_FILE).read_text("ascii")
    assert re.fullmatch(r"[0-9a-f]{64}\n", text)
    said = f"cxlib demo client {client}: this key is public"
    assert text.strip() == hashlib.sha256(said.encode()).hexdigest()


# --- the planted truth comes back out of the files ---------------------------------------------


@pytest.mark.parametrize("client", CLIENTS)
def test_true_drivers_are_recovered_and_the_others_are_null(
    client: str, files: SimpleNamespace
) -> None:
    model = CLIENTS[client].MODEL
    fit = files.regression(files.own(client), model)
    keys = [point.key for point in model.touchpoints]
    adjusted = sm.stats.multipletests(fit.pvalues[keys], method="holm")[1]
    significant = {key for key, p in zip(keys, adjusted, strict=True) if p < 0.05}
    assert significant == set(model.drivers)
    assert 2 <= len(model.drivers) <= 3
    for key, effect in model.drivers.items():  # the ends of the 0-10 scale take about a tenth
        assert 0.75 * effect < fit.params[key] < 1.05 * effect
    assert 0.3 < fit.rsquared < 0.6


@pytest.mark.parametrize("client", CLIENTS)
def test_null_touchpoints_correlate_with_recommendation_all_the_same(
    client: str, files: SimpleNamespace
) -> None:
    data, model = files.own(client), CLIENTS[client].MODEL
    nulls = [point.key for point in model.touchpoints if not point.effect]
    assert (data[nulls].corrwith(data["nps"]) > 0.15).all()


@pytest.mark.parametrize("client", CLIENTS)
def test_null_effects_are_zero_in_the_model_and_not_by_luck_of_the_seed(
    client: str, files: SimpleNamespace
) -> None:
    model = CLIENTS[client].MODEL
    rng = np.random.default_rng(7)
    answers = pd.DataFrame(simulate(rng, model, mood=rng.normal(0, 1, 60_000)))
    for key in [point.key for point in model.touchpoints]:
        answers[f"{key}_used"] = answers[key].notna()
    answers["id"] = np.arange(len(answers)).astype(str)
    fit = files.regression(answers, model)
    nulls = [point.key for point in model.touchpoints if not point.effect]
    assert fit.params[nulls].abs().max() < 0.03


@pytest.mark.parametrize("client", CLIENTS)
def test_the_broken_touchpoint_is_clearly_lowest_and_a_driver(
    client: str, files: SimpleNamespace
) -> None:
    data, module = files.own(client), CLIENTS[client]
    keys = [point.key for point in module.MODEL.touchpoints]
    means = data[keys].mean().sort_values()
    errors = data[keys].std() / np.sqrt(data[keys].notna().sum())
    assert means.index[0] == module.BROKEN
    assert means.iloc[1] - means.iloc[0] > 5 * (errors[means.index[0]] + errors[means.index[1]])
    assert module.BROKEN in module.MODEL.drivers


@pytest.mark.parametrize("client", CLIENTS)
def test_touchpoints_that_not_everyone_uses_are_reached_as_planted(
    client: str, files: SimpleNamespace
) -> None:
    data, model = files.own(client), CLIENTS[client].MODEL
    for point in model.touchpoints:
        if point.reach == 1:
            assert data[f"{point.key}_used"].all()
        else:
            assert 0.2 <= 1 - point.reach <= 0.62
            assert data[f"{point.key}_used"].mean() == pytest.approx(point.reach, abs=0.02)


def test_harbour_fell_in_one_wave_and_check_in_is_why(files: SimpleNamespace) -> None:
    data = files.survey("harbour-hotels")
    before = data[data["period"] == "2026Q1"]
    after = data[data["period"] == harbour.CHANGED_WAVE]
    change = files.nps(after["nps"]) - files.nps(before["nps"])
    assert change < -4 * np.hypot(files.nps_error(after["nps"]), files.nps_error(before["nps"]))
    keys = [point.key for point in harbour.MODEL.touchpoints]
    moved = after[keys].mean() - before[keys].mean()
    assert moved["checkin"] < -0.7
    assert moved.drop("checkin").abs().max() < 0.16
    for segment in ("by_tier", "by_purpose", "by_hotel"):
        counts = pd.crosstab(data["period"], data[segment])
        both = counts.loc[["2026Q1", "2026Q2"]]
        assert stats.chi2_contingency(both).pvalue > 0.01
    calm = [files.nps(part["nps"]) for p, part in data.groupby("period") if p < "2026Q2"]
    assert max(calm) - min(calm) < 12


def test_lakeside_fell_by_its_mix_while_every_product_kept_its_rate(files: SimpleNamespace) -> None:
    data = files.own("lakeside-bank").dropna(subset="nps")
    before = data[data["period"] == "2026Q2"]
    after = data[data["period"] == lakeside.CHANGED_WAVE]
    change = files.nps(after["nps"]) - files.nps(before["nps"])
    assert change < -2 * np.hypot(files.nps_error(after["nps"]), files.nps_error(before["nps"]))
    rates = [part.groupby("by_product")["nps"].apply(files.nps) for part in (before, after)]
    shares = [part["by_product"].value_counts(normalize=True) for part in (before, after)]
    mix = ((shares[1] - shares[0]) * (rates[0] + rates[1]) / 2).sum()
    rate = ((rates[1] - rates[0]) * (shares[0] + shares[1]) / 2).sum()
    assert mix + rate == pytest.approx(change)
    assert mix < -8
    assert abs(rate) < 6
    earlier = data[data["period"] < lakeside.CHANGED_WAVE]
    for product, part in earlier.groupby("by_product"):
        now = after.loc[after["by_product"] == product, "nps"]
        noise = np.hypot(files.nps_error(now), files.nps_error(part["nps"]))
        assert abs(files.nps(now) - files.nps(part["nps"])) < 2 * noise
    assert rates[0].idxmin() == rates[1].idxmin() == lakeside.LOW_SEGMENT


def test_nova_never_changes_beyond_chance(files: SimpleNamespace) -> None:
    data = files.survey("nova-mall").dropna(subset="nps")
    assert nova.CHANGED_WAVE is None
    months = [part["nps"] for _, part in data.groupby("period")]
    assert stats.f_oneway(*months).pvalue > 0.05
    scores = np.array([files.nps(month) for month in months])
    errors = np.array([files.nps_error(month) for month in months])
    assert np.abs((scores - scores.mean()) / errors).max() < 3.2


@pytest.mark.parametrize(
    ("client", "low", "high"),
    [("harbour-hotels", 20, 30), ("lakeside-bank", 2, 14), ("nova-mall", 30, 42)],
)
def test_levels_are_those_of_real_clients(
    client: str, low: float, high: float, files: SimpleNamespace
) -> None:
    data = files.own(client)
    assert low < files.nps(data["nps"]) < high
    keys = [point.key for point in CLIENTS[client].MODEL.touchpoints]
    assert (data[keys].mean() > 3).all()
    assert (data[keys].skew() < 0.05).all()  # people rate high


def test_lakesides_competitor_answers_the_right_phone(files: SimpleNamespace) -> None:
    data = files.survey("lakeside-bank")
    means = data.groupby("by_brand")[["contact_centre", "branch"]].mean()
    gap = means.loc[lakeside.COMPETITOR] - means.loc[lakeside.OWN]
    assert gap["contact_centre"] > 0.4
    assert gap["branch"] < -0.2


def test_harbours_guests_answer_again_and_resemble_themselves(files: SimpleNamespace) -> None:
    data = files.survey("harbour-hotels")
    times = data["id"].value_counts()
    assert (times > 1).mean() > 0.3
    ordered = data.sort_values("period")
    following = ordered.groupby("id")["nps"].shift(-1)
    assert ordered["nps"].corr(following) > 0.15


def test_harbours_higher_tiers_answer_too_often_and_the_margins_are_the_guests(
    files: SimpleNamespace,
) -> None:
    people, visits = files.harbour_population()
    margins = files.params("harbour-hotels")["survey"]["margins"]["tier"]
    inside = visits.day >= bounds("2025Q4")[0]
    stayed = pd.Series(people.tier[visits.guest[inside]], name="tier")
    quarter = pd.PeriodIndex(pd.to_datetime(visits.day[inside]), freq="Q")
    once = pd.DataFrame({"tier": stayed, "guest": visits.guest[inside], "q": quarter})
    population = once.drop_duplicates(["guest", "q"])["tier"].value_counts(normalize=True)
    sample = files.survey("harbour-hotels")["by_tier"].value_counts(normalize=True)
    for tier, share in margins.items():
        assert population[tier] == pytest.approx(share, abs=0.04)
    assert sample["白金卡"] > margins["白金卡"] + 0.05
    assert sum(margins.values()) == pytest.approx(1)
