from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cxlib.data import store
from cxlib.data.ingest import ingest
from cxlib.data.keys import export_key, import_key, key_file, open_key
from cxlib.data.tables import periods_of, provenance, read_table
from cxlib.errors import DataError, SetupError

PARAMS = """
    period: quarter
    survey:
      source: survey.csv
      columns: {id: id, date: day}
      metrics: {nps: {column: q}}
    members:
      source: members.csv
      columns: {id: 会员号, tier: tier}
"""
SURVEY = "id,day,q\n007,2026-01-05,9\n12.0,2026-04-05,8\n"
MEMBERS = "会员号,tier\n12,gold\n７,silver\n"


@pytest.fixture
def client(shop: Any) -> Any:
    shop.file("survey.csv", SURVEY)
    shop.file("members.csv", MEMBERS)
    return shop.client(PARAMS)


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def test_survey_and_members_join_by_their_pseudonyms(shop: Any, client: Any) -> None:
    ingest(client, shop.workspace)
    survey, members = shop.read("survey"), shop.read("members")
    joined = survey.merge(members, left_on="respondent_id", right_on="member_id")
    assert joined[["nps", "tier"]].to_numpy().tolist() == [[8.0, "gold"]]


def test_unchanged_inputs_are_skipped_and_any_change_is_seen(shop: Any, client: Any) -> None:
    assert not ingest(client, shop.workspace).skipped
    again = ingest(client, shop.workspace)
    assert again.skipped
    assert again.tables["survey"].kept == 2
    assert not ingest(client, shop.workspace, force=True).skipped
    shop.file("members.csv", MEMBERS + "13,tin\n")
    assert not ingest(client, shop.workspace).skipped
    assert not ingest(shop.client(PARAMS + "    currency: CNY\n"), shop.workspace).skipped
    (shop.tables / "members.parquet").unlink()
    assert not ingest(shop.client(PARAMS + "    currency: CNY\n"), shop.workspace).skipped


def test_another_key_is_refused_and_nothing_is_renamed(
    shop: Any, client: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ingest(client, shop.workspace)
    before = digests(shop.tables)
    monkeypatch.setenv("CX_KEY_FILE", str(tmp_path / "other.key"))
    (tmp_path / "other.key").write_text("0f" * 32, encoding="ascii")
    for force in (False, True):
        with pytest.raises(SetupError, match="made with another key"):
            ingest(client, shop.workspace, force=force)
    assert digests(shop.tables) == before


@pytest.mark.parametrize("name", ["survey.parquet", "ingest.json", "../ids.bin"])
@pytest.mark.parametrize("how", ["torn", "altered", "gone"])
def test_damaged_tables_are_made_again(shop: Any, client: Any, name: str, how: str) -> None:
    ingest(client, shop.workspace)
    before = digests(shop.tables)
    path = shop.tables / name
    whole = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:9] if how == "torn" else b"{}" + whole[2:])
    ingest(client, shop.workspace)
    assert digests(shop.tables) == before
    assert path.read_bytes() == whole


def test_a_key_goes_out_and_in_and_never_over_another(shop: Any, client: Any) -> None:
    ingest(client, shop.workspace)
    path = key_file("shop", shop.workspace)
    copy = shop.workspace.root / "shop.key"
    export_key("shop", shop.workspace, copy)
    assert copy.read_bytes() == path.read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SetupError, match="is there already"):
        export_key("shop", shop.workspace, copy)
    path.unlink()
    import_key("shop", shop.workspace, copy)
    assert ingest(client, shop.workspace).skipped
    copy.write_text("0f" * 32, encoding="ascii")
    with pytest.raises(SetupError, match="has another key here"):
        import_key("shop", shop.workspace, copy)
    copy.write_text("no key", encoding="ascii")
    with pytest.raises(SetupError, match="is no key"):
        import_key("shop", shop.workspace, copy)


def test_the_same_inputs_give_the_same_bytes(shop: Any, client: Any) -> None:
    ingest(client, shop.workspace)
    before = digests(shop.tables)
    assert sorted(before) == ["ingest.json", "members.parquet", "survey.parquet"]
    ingest(client, shop.workspace, force=True)
    assert digests(shop.tables) == before


def test_a_failed_ingest_leaves_the_tables_as_they_were(
    shop: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(client, shop.workspace)
    before = digests(shop.tables)
    shop.file("survey.csv", SURVEY.replace("9", "11"))
    with pytest.raises(DataError, match="off its scale 0-10"):
        ingest(client, shop.workspace)
    assert digests(shop.tables) == before
    shop.file("survey.csv", SURVEY.replace("9", "10"))

    def full(*_: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(store, "_write", full)
    with pytest.raises(OSError, match="no space left"):
        ingest(client, shop.workspace)
    assert digests(shop.tables) == before
    assert [p.name for p in shop.tables.parent.iterdir() if p.is_dir()] == ["tables"]


def test_tables_that_the_client_file_no_longer_names_go(shop: Any, client: Any) -> None:
    ingest(client, shop.workspace)
    ingest(shop.client(PARAMS.partition("    members:")[0]), shop.workspace)
    assert sorted(digests(shop.tables)) == ["ingest.json", "survey.parquet"]
    with pytest.raises(DataError, match="shop has no members table; there is 'survey'"):
        shop.read("members")


def test_the_key_is_made_at_the_first_ingest_that_succeeds(shop: Any, client: Any) -> None:
    path = key_file("shop", shop.workspace)
    shop.file("survey.csv", "")
    with pytest.raises(DataError):
        ingest(client, shop.workspace)
    assert not path.exists()
    shop.file("survey.csv", SURVEY)
    ingest(client, shop.workspace)
    assert path.exists()
    path.unlink()
    for force in (False, True):
        with pytest.raises(SetupError, match="is missing, and its tables were made with it"):
            ingest(client, shop.workspace, force=force)
    assert not path.exists()


def test_nothing_that_is_kept_tells_an_id_or_the_key(shop: Any, client: Any) -> None:
    ingest(client, shop.workspace)
    secret = open_key("shop", shop.workspace).secret
    for path in shop.tables.iterdir():
        content = path.read_bytes()
        alone = re.search(rb"(?<![0-9a-f])007(?![0-9a-f])", content)  # digests hold it by chance
        assert alone is None or path.suffix == ".parquet"
        assert secret not in content
        assert secret.hex().encode() not in content
    assert "007" not in shop.read()["respondent_id"].tolist()


def test_provenance_tells_files_and_counts(shop: Any, client: Any) -> None:
    ingest(client, shop.workspace)
    told = provenance(shop.workspace, client)
    assert told["params"] == client.hash
    assert told["key"] == open_key("shop", shop.workspace).id
    table = told["tables"]["survey"]
    assert (table["read"], table["kept"], table["dropped"]) == (2, 2, {})
    assert table["files"] == {"survey.csv": hashlib.sha256(SURVEY.encode()).hexdigest()}
    assert json.loads(json.dumps(told)) == told


def test_periods_come_in_time_order(shop: Any, client: Any) -> None:
    shop.file("survey.csv", "id,day,q\n1,2026-04-05,9\n2,2025-11-05,9\n3,2026-01-05,9\n")
    ingest(client, shop.workspace)
    assert periods_of(shop.workspace, client) == ["2025Q4", "2026Q1", "2026Q2"]


def test_a_table_reads_back_with_its_dtypes_in_the_order_asked(shop: Any, client: Any) -> None:
    ingest(client, shop.workspace)
    survey = read_table(shop.workspace, "shop", "survey")
    assert survey.dtypes.astype(str).to_dict() == {
        "respondent_id": "str", "date": "datetime64[us]", "period": "str", "weight": "float64",
        "brand": "str", "comment": "str", "nps": "float64",
    }  # fmt: skip
    assert survey["comment"].isna().all()
    part = read_table(shop.workspace, "shop", "survey", ["nps", "period"])
    pd.testing.assert_frame_equal(part, survey[["nps", "period"]])
    with pytest.raises(DataError, match="'np' is not in the survey table; did you mean 'nps'"):
        read_table(shop.workspace, "shop", "survey", ["np"])


def test_a_client_without_tables_is_told_how_to_get_them(shop: Any) -> None:
    with pytest.raises(SetupError, match="shop has no tables yet; `cx run shop` makes them"):
        shop.read()


def test_a_damaged_table_is_named(shop: Any, client: Any) -> None:
    ingest(client, shop.workspace)
    (shop.tables / "survey.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"survey.parquet is damaged"):
        shop.read()
    (shop.tables / "ingest.json").write_text("{", encoding="utf-8")
    assert not ingest(client, shop.workspace).skipped
    assert len(shop.read()) == 2
