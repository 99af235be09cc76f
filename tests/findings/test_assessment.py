"""What the assessment says, in both languages, on results worked by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import compare, scores
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.findings import Finding, ranked
from cxlib.findings import assessment as findings
from cxlib.words import Words


@dataclass(frozen=True)
class Target:
    metric: str
    target: float
    direction: str = "higher"


def survey(promoters: int, passives: int, detractors: int, period: str = "2026Q1") -> pd.DataFrame:
    nps = [10.0] * promoters + [8.0] * passives + [3.0] * detractors
    return pd.DataFrame({"nps": nps, "period": period, "weight": 1.0})


def headline(frame: pd.DataFrame) -> scores.Headline:
    return scores.headline(frame, metrics=[Metric("nps", "nps")])


def said(finding: Finding, language: str = "en") -> str:
    return Words.load(language).say(finding.message, **finding.facts)


def about(told: list[Finding], name: str) -> Finding:
    return next(finding for finding in told if finding.id == name)


@pytest.mark.parametrize(
    ("target", "severity", "start"),
    [
        (20.0, "good", "nps meets its target of 20.0: 50.0 ("),
        (80.0, "serious", "nps misses its target of 80.0: 50.0 ("),
        (52.0, "warning", "nps is 50.0 ("),
    ],
)
def test_a_target_is_met_missed_or_open(target: float, severity: str, start: str) -> None:
    told = findings.headline(headline(survey(120, 60, 20)), targets=[Target("nps", target)])
    finding = about(told, "assessment.nps.target")
    assert finding.severity == severity
    assert said(finding).startswith(start)
    assert "n = 200" in said(finding)
    assert finding.next_step


def test_lower_is_better_turns_the_judgement_round() -> None:
    told = findings.headline(headline(survey(120, 60, 20)), targets=[Target("nps", 80.0, "lower")])
    assert about(told, "assessment.nps.target").severity == "good"


def test_a_clear_fall_is_serious_and_a_wobble_is_a_note() -> None:
    before = survey(120, 60, 20, "2026Q1")
    fall = findings.headline(
        headline(pd.concat([before, survey(60, 60, 80, "2026Q2")], ignore_index=True))
    )
    wobble = findings.headline(
        headline(pd.concat([before, survey(118, 61, 21, "2026Q2")], ignore_index=True))
    )
    assert about(fall, "assessment.nps.change").severity == "serious"
    assert "worsened since Q1 2026: −60.0" in said(about(fall, "assessment.nps.change"))
    assert about(wobble, "assessment.nps.change").severity == "note"
    assert "no clear change" in said(about(wobble, "assessment.nps.change"))


def test_one_wave_without_target_says_the_level() -> None:
    told = findings.headline(headline(survey(120, 60, 20)))
    assert [finding.id for finding in told] == ["assessment.nps.level"]


def test_a_change_of_mix_is_told_apart_from_a_change_of_judgement() -> None:
    def wave(gold: int, basic: int, period: str) -> pd.DataFrame:
        parts = [
            survey(gold * 8 // 10, gold * 2 // 10, 0, period).assign(tier="gold"),
            survey(0, basic * 2 // 10, basic * 8 // 10, period).assign(tier="basic"),
        ]
        return pd.concat(parts, ignore_index=True)

    mixed = compare.decompose_change(
        wave(200, 100, "a"), wave(100, 200, "b"), metric="nps", by="tier"
    )
    (told,) = findings.change([mixed])
    assert "because other customers answered" in told.message
    assert (mixed.rate, mixed.mix) == pytest.approx((0.0, -160 / 3))
    still = compare.decompose_change(
        wave(200, 100, "a"), wave(200, 100, "b"), metric="nps", by="tier"
    )
    assert findings.change([still]) == []
    assert findings.change([]) == []


def journey(values: dict[str, list[float]]) -> scores.Headline:
    frame = pd.DataFrame(values).assign(period="2026Q1", weight=1.0)
    return scores.headline(frame, metrics=[Touchpoint(key) for key in values])


def test_the_weakest_touchpoint_is_clear_or_said_not_to_be() -> None:
    clear = journey({"booking": [5.0, 4.0] * 50, "room": [4.0, 5.0] * 50, "wifi": [2.0, 1.0] * 50})
    (told,) = findings.journey(clear)
    assert (told.severity, told.facts["touchpoint"]) == ("warning", "wifi")
    close = journey({"booking": [5.0, 4.0] * 50, "room": [4.0, 5.0] * 49 + [4.0, 4.0]})
    (told,) = findings.journey(close)
    assert (told.severity, told.facts["second"]) == ("note", "booking")


def test_a_withheld_touchpoint_is_never_named() -> None:
    result = journey({"booking": [5.0, 4.0] * 50, "room": [4.0, 4.0] * 50, "wifi": [1.0, 2.0] * 50})
    table = result.table.copy()
    table.loc[table["metric"] == "wifi", ["value", "low", "high"]] = np.nan
    told = findings.journey(replace(result, table=table))
    assert all("wifi" not in finding.facts.values() for finding in told)


def test_findings_come_in_order_of_consequence() -> None:
    told = [
        Finding(id="a.1", message="", severity="note", consequence=99),
        Finding(id="a.2", message="", severity="serious", consequence=1),
        Finding(id="a.3", message="", severity="serious", consequence=2),
    ]
    assert [finding.id for finding in ranked(told)] == ["a.3", "a.2", "a.1"]


def test_an_unknown_severity_is_refused() -> None:
    with pytest.raises(Exception, match="severity 'bad' is not one of"):
        Finding(id="a", message="", severity="bad")  # type: ignore[arg-type]
