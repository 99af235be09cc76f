"""What a client file says, as the rest of the kit sees it."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.batch.chapters import discover, settings_faults
from cxlib.errors import SetupError
from cxlib.params import Client, InvalidParams, load
from cxlib.params.base import Duration
from cxlib.params.structure import models_in, parts_of
from cxlib.workspace import Workspace, kit_file

TEMPLATE = kit_file("params/template.yaml")
ROOT = Path(__file__).resolve().parents[2]


def client_of(text: str, folder: Path, name: str = "x") -> Client:
    (folder / "params").mkdir(exist_ok=True)
    (folder / "params" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load(name, Workspace(folder))


@pytest.fixture
def template(tmp_path: Path) -> Client:
    return client_of(TEMPLATE.read_text(encoding="utf-8"), tmp_path, "my-client")


def test_the_template_is_valid_as_it_stands(template: Client) -> None:
    assert template.client == "my-client"
    assert template.languages == ("zh", "en")


def test_the_template_names_every_key_there_is() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    lacking = [key for key in keys_of(Client, set()) if f"{key}:" not in text]
    assert lacking == []


def keys_of(annotation: Any, seen: set[Any]) -> set[str]:
    keys: set[str] = set()
    for model in models_in(annotation):
        if model not in seen:
            seen.add(model)
            for name, field in model.model_fields.items():
                keys |= {field.alias or name} | keys_of(field.annotation, seen)
    for part in parts_of(annotation):
        for argument in get_args(part):
            keys |= keys_of(argument, seen)
    return keys


@pytest.mark.parametrize("client", ["harbour-hotels", "lakeside-bank", "nova-mall"])
def test_the_demo_clients_are_valid(client: str) -> None:
    assert load(client, Workspace(ROOT)).demo is True


def test_a_client_needs_no_more_than_its_name(tmp_path: Path) -> None:
    client = client_of("client: x\n", tmp_path)
    assert (client.languages, client.period, client.privacy.minimum_base) == (("en",), "wave", 10)
    assert (client.survey, client.tickets, client.members, client.transactions) == (None,) * 4
    assert (client.metrics, client.touchpoints, client.segments, client.targets) == ((),) * 4
    assert client.display_name("en") == "x"
    assert client.labels("en") == {}


def test_metrics_and_touchpoints_come_as_the_statistics_need_them(template: Client) -> None:
    assert template.metrics == (
        Metric(key="nps", kind="nps", scale=(0, 10), cut_points=(6, 9)),
        Metric(key="csat", kind="csat", scale=(1, 5), top=2),
        Metric(key="ces", kind="ces", scale=(1, 7)),
        Metric(key="value", kind="mean", scale=(1, 10)),
    )
    assert template.touchpoints == (
        Touchpoint(key="booking", scale=(1, 5), top=2, stage="purchase"),
    )
    assert template.segments == ("tier", "channel")


def test_nps_is_on_0_to_10_unless_said_otherwise(tmp_path: Path) -> None:
    text = (
        "client: x\nsurvey:\n  source: s.csv\n  metrics:\n    nps: {column: Q1}\n"
        "    again: {column: Q2, kind: nps, scale: [1, 10], cut_points: [6, 8]}\n"
    )
    nps, again = client_of(text, tmp_path).metrics
    assert nps == Metric(key="nps", kind="nps", scale=(0, 10))
    assert again.cut_points == (6, 8)


def test_labels_are_said_in_the_readers_language(template: Client) -> None:
    labels = template.labels("zh")
    assert labels["booking"] == "线上预订"
    assert labels["purchase"] == "购买"
    assert labels["channel"] == "渠道"
    assert labels["channel=app"] == "应用"
    assert "app" not in labels
    assert labels["on_time"] == "准时送达率"
    assert template.labels("en")["csat"] == "Overall satisfaction"
    assert "tier" not in labels  # it has no label: its key is shown
    assert (template.display_name("zh"), template.display_name("en")) == ("我的客户", "My Client")


def test_a_raw_value_in_two_segments_is_labelled_only_with_its_segment(tmp_path: Path) -> None:
    text = (
        "client: x\nsurvey:\n  source: s.csv\n  metrics: {nps: {column: Q1, label: Loyalty}}\n"
        "  segments:\n    staff: {column: A, values: {1: Yes, nps: Other}}\n"
        "    owner: {column: B, values: {1: Owner}}\n"
    )
    assert client_of(text, tmp_path).labels("en") == {
        "staff=1": "Yes",
        "owner=1": "Owner",
        "staff=nps": "Other",
        "nps": "Loyalty",
    }


def test_a_label_in_one_language_serves_the_other_when_overridden(tmp_path: Path) -> None:
    client = client_of("client: x\nlanguage: zh\nname: {zh: 海港}\n", tmp_path)
    assert client.display_name("en") == "海港"


def test_yaml_1_2_leaves_words_and_times_alone(tmp_path: Path) -> None:
    text = (
        "client: x\nname: no\ncalendar: {business_hours: 09:00-18:00}\nsurvey:\n  source: s.csv\n"
        "  missing: [yes, 12:30, 1_000, 2026-01-02, -1.5, 99]\n  own_brand: on\n"
        "  columns: {brand: off}\n"
    )
    client = client_of(text, tmp_path)
    assert client.display_name("zh") == "no"
    assert client.calendar.business_hours == "09:00-18:00"
    assert client.survey is not None
    assert client.survey.missing == ("yes", "12:30", "1_000", "2026-01-02", -1.5, 99)
    assert (client.survey.own_brand, client.survey.columns.brand) == ("on", "off")


def test_client_text_is_only_text(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>{{ 7*7 }}<base href=//x>[a](javascript:x)"
    client = client_of(f"client: x\nname: '{hostile}'\n", tmp_path)
    assert client.display_name("en") == hostile


def test_raw_values_keep_their_spelling(tmp_path: Path) -> None:
    text = (
        "client: x\nsurvey:\n  source: s.csv\n  segments:\n"
        "    age: {column: A, order: [1, '02', 3.5], values: {1: Young, 02: Old}}\n"
        "  margins: {age: {1: 400, 02: 600.5}}\n"
    )
    survey = client_of(text, tmp_path).survey
    assert survey is not None
    assert survey.segments["age"].order == ("1", "02", "3.5")
    assert list(survey.segments["age"].values) == ["1", "02"]
    assert survey.margins == {"age": {"1": 400.0, "02": 600.5}}


def test_years_may_be_written_as_numbers(tmp_path: Path) -> None:
    text = (
        "client: x\nperiod: year\nsurvey:\n  source: s.csv\n  columns: {date: D}\n"
        "  metrics: {csat: {column: Q1, scale: [1, 5]}}\n  invited: {2025: 100}\n"
        "targets:\n  - {metric: csat, baseline: 2025, target: 85, due: 2026}\n"
    )
    client = client_of(text, tmp_path)
    (target,) = client.targets
    assert (target.baseline, target.due) == ("2025", "2026")
    assert client.survey is not None
    assert client.survey.invited == {"2025": 100}


def test_period_labels_come_in_one_spelling(tmp_path: Path) -> None:
    text = (
        "client: x\nperiod: quarter\nsurvey:\n  source: s.csv\n  columns: {date: D}\n"
        "  metrics: {csat: {column: Q1, scale: [1, 5]}}\n"
        "targets:\n  - {metric: csat, baseline: 2025-q4, target: 85, due: 2026-Q2}\n"
    )
    (target,) = client_of(text, tmp_path).targets
    assert (target.baseline, target.due) == ("2025Q4", "2026Q2")


def test_targets_take_direction_and_basis_from_what_they_are_set_on(tmp_path: Path) -> None:
    text = (
        "client: x\nsurvey:\n  source: s.csv\n"
        "  metrics: {ces: {column: Q1, scale: [1, 7], direction: lower}}\n"
        "kpis:\n  late: {source: k.csv, period: p, value: v, direction: lower}\n"
        "targets:\n  - {metric: ces, baseline: 4, target: 3, due: second}\n"
        "  - {metric: late, target: 12.5, due: second}\n"
    )
    ces, late = client_of(text, tmp_path).targets
    assert (ces.direction, ces.basis, ces.baseline) == ("lower", "sample", 4.0)
    assert (late.direction, late.basis) == ("lower", "census")


def test_limits_come_in_seconds_and_a_day_may_be_a_working_day(template: Client) -> None:
    assert template.tickets is not None
    assert template.tickets.sla is not None
    assert template.tickets.sla.seconds(day=timedelta(hours=9)) == {
        "first_response": 14_400,
        "resolution": {"high": 28_800, "normal": 2 * 9 * 3600},
    }
    assert Duration(1.5, "d").elapsed() == timedelta(hours=36)
    assert str(Duration(20, "min")) == "20min"


def test_a_bare_text_and_its_mapping_mean_the_same(tmp_path: Path) -> None:
    bare = client_of("client: x\nsurvey: {source: s.csv, segments: {tier: T}}\n", tmp_path)
    full = client_of(
        "client: x\nsurvey: {source: {files: s.csv}, segments: {tier: {column: T}}}\n", tmp_path
    )
    assert bare.survey == full.survey


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "params").mkdir()
    text = "client: x\r\nname: 海港\r\ndemo: true\r\n"
    (tmp_path / "params" / "x.yaml").write_bytes(text.encode("utf-8-sig"))
    client = load("x", Workspace(tmp_path))
    assert (client.display_name("zh"), client.demo, client.where(("demo",))) == ("海港", True, 3)


def test_the_hash_follows_what_is_said_and_not_how(tmp_path: Path) -> None:
    first = client_of("client: x\nlanguage: [zh, en]\n", tmp_path).hash
    assert len(first) == 64
    assert client_of("# why\nclient: 'x'\nlanguage:\n- zh\n- en\n", tmp_path).hash == first
    assert client_of("client: x\nlanguage: [en, zh]\n", tmp_path).hash != first


def test_messages_about_the_data_can_point_into_the_file(template: Client) -> None:
    line = template.where(("survey", "metrics", "csat", "column"))
    text = TEMPLATE.read_text(encoding="utf-8").splitlines()[line - 1]
    assert text.strip() == "column: 总体满意度"
    fault = template.fault(
        ("survey", "metrics", "csat", "column"), "is not in it.", severity="warning"
    )
    assert str(fault) == f"params/my-client.yaml:{line}: survey.metrics.csat.column: is not in it."
    assert fault.severity == "warning"
    assert template.where(("survey", "metrics", "gone", "column")) == template.where(
        ("survey", "metrics")
    )
    assert template.file == "params/my-client.yaml"


def test_nothing_changes_once_it_is_read(template: Client) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        template.client = "other"
    assert template.survey is not None
    with pytest.raises(ValidationError, match="frozen"):
        template.survey.off_scale = "missing"


def test_a_client_goes_to_another_process_whole(template: Client) -> None:
    again = pickle.loads(pickle.dumps(template))
    assert again == template
    assert (again.hash, again.file, again.labels("zh")) == (
        template.hash,
        template.file,
        template.labels("zh"),
    )


def test_chapters_hold_whatever_a_notebook_wants(tmp_path: Path) -> None:
    text = "client: x\nchapters: {drivers: {outcome: nps, cuts: [1, 2.5]}}\n"
    assert client_of(text, tmp_path).chapters == {"drivers": {"outcome": "nps", "cuts": (1, 2.5)}}


def test_an_unknown_client_is_named_with_the_nearest(tmp_path: Path) -> None:
    client_of("client: x\n", tmp_path)
    with pytest.raises(SetupError, match="did you mean 'x'"):
        load("X", Workspace(tmp_path))
    with pytest.raises(SetupError, match="is not a client's name"):
        load("../x", Workspace(tmp_path))


@pytest.mark.parametrize(
    "hours", ["09:00-18:00", "24/7", "00:00-24:00", "09:00-12:00, 13:00-18:00", "9:00-18:00"]
)
def test_business_hours_may_be_written_so(hours: str, tmp_path: Path) -> None:
    client = client_of(f"client: x\ncalendar: {{business_hours: '{hours}'}}\n", tmp_path)
    assert client.calendar.business_hours == hours


def test_what_is_read_is_checked_again_and_again_alike(tmp_path: Path) -> None:
    messages = set()
    for _ in range(3):
        with pytest.raises(InvalidParams) as caught:
            client_of("client: x\nlanguage: fr\nperiod: day\n", tmp_path)
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_the_command_line_can_check_a_client_without_loading_pandas() -> None:
    heavy = "{'pandas', 'numpy', 'pandera', 'statsmodels', 'seaborn', 'matplotlib', 'duckdb'}"
    code = (
        "import sys; from cxlib.params import load; from cxlib.workspace import Workspace; "
        "from pathlib import Path; load('harbour-hotels', Workspace(Path(sys.argv[1]))); "
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"


def test_every_section_is_closed_and_documented() -> None:
    seen: set[Any] = set()
    keys_of(Client, seen)
    assert len(seen) > 15
    for model in seen:
        assert issubclass(model, BaseModel)
        assert model.model_config.get("extra") == "forbid", model
        assert model.model_config.get("frozen"), model
        assert model.__doc__, model


def test_every_setting_that_the_template_shows_is_taken_by_its_chapter(tmp_path: Path) -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    shown = text[text.index("\nchapters:") :]
    client = client_of(
        text.replace(shown, re.sub(r"(?m)^  # ", "  ", shown)), tmp_path, "my-client"
    )
    assert {"comments", "needs", "targets", "service", "monitoring"} <= set(client.chapters)
    chapters = discover(ROOT / "notebooks").chapters
    assert list(map(str, settings_faults(client, chapters))) == []
