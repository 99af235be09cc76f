"""Database sources; what needs a server is tried on the one that CX_PG_URL names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from cxlib.data import database
from cxlib.data.check import examine
from cxlib.data.database import digest, name_of, read_pieces
from cxlib.data.readers import Raw
from cxlib.errors import CxError, DataError, SetupError
from cxlib.params import InvalidParams
from cxlib.params.source import Source

SERVER = os.environ.get("CX_PG_URL", "")
sa = pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
pytest.importorskip("psycopg", reason="the extra sql is not installed")
served = pytest.mark.skipif(not SERVER, reason="CX_PG_URL names no PostgreSQL server")


def source(sql: str, **more: Any) -> Source:
    return Source.model_validate({"url_env": "CX_DB_URL", "sql": sql, **more})


def whole(asked: Source) -> Raw:
    (raw,) = read_pieces(asked, whole=True)
    return raw


# --- without a server -----------------------------------------------------------------------------


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CX_DB_URL", raising=False)
    with pytest.raises(SetupError, match="CX_DB_URL is not set"):
        whole(source("select 1"))


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://anna:hush-hush@127.0.0.1:1/books",
        "postgresql://anna:hush-hush@no-such-host.invalid/books",
        "mysql://anna:hush-hush@host/books",
        "anna:hush-hush@host",
        "postgresql://anna:hush-hush@host:port/books",
    ],
)
def test_no_message_holds_a_part_of_the_address(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_DB_URL", address)
    with pytest.raises(CxError) as caught:
        whole(source("select 1"))
    said = str(caught.value)
    assert "CX_DB_URL" in said
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert not any(part in said for part in ("anna", "hush", "127.0", "no-such-host", "books"))


def test_a_server_that_is_away_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_DB_URL", "postgresql://anna:pw@127.0.0.1:1/books")
    with pytest.raises(DataError, match="nothing listens there; is the server on"):
        digest(source("select 1"))


def test_parameters_and_query_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_DB_URL", "postgresql://anna:pw@127.0.0.1:1/books")
    with pytest.raises(DataError, match="binds :since, which `parameters` lacks; did you mean"):
        whole(source("select * from t where d::date > :since", parameters={"sinc": 1}))
    with pytest.raises(DataError, match="no use for the parameter 'until'"):
        whole(source("select 1", parameters={"until": 1}))


def test_a_name_tells_queries_apart_and_holds_no_address() -> None:
    one, two = source("select 1"), source("select 1 + :a", parameters={"a": 1})
    other = source("select 1 + :a", parameters={"a": 2})
    assert len({name_of(one), name_of(two), name_of(other)}) == 3
    assert name_of(one).startswith("CX_DB_URL (query ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{url_env: CX_DB_URL}", "names a database; write the query under sql."),
        ("{sql: select 1, parameters: {a: 1}}", "they need url_env."),
        ("{url_env: 'postgresql://u:hush@h/d', sql: select 1}", "no password stands in a client"),
        ("{url_env: CX_DB_URL, sql: select 1, sheet: A}", "says how to read a file"),
        ("{url_env: CX_DB_URL, sql: select 1, files: a.csv}", "keep one of the two"),
    ],
)
def test_a_client_file_that_contradicts_itself_is_refused(given: str, said: str, shop: Any) -> None:
    with pytest.raises(InvalidParams, match=said) as caught:
        shop.client(f"survey: {{source: {given}, metrics: {{nps: {{column: q}}}}}}\n")
    assert "hush" not in str(caught.value)


# --- with one -------------------------------------------------------------------------------------


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A table of answers, in a schema of its own on the server."""
    schema = f"cx_test_{os.getpid()}"  # tests may run side by side
    address = sa.make_url(SERVER).set(drivername="postgresql+psycopg")
    address = address.update_query_dict({"options": f"-csearch_path={schema}"})
    monkeypatch.setenv("CX_DB_URL", address.render_as_string(hide_password=False))
    engine = sa.create_engine(address, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:

        def run(sql: str) -> Any:
            return connection.exec_driver_sql(sql)

        run(f"drop schema if exists {schema} cascade")
        run(f"create schema {schema}")
        run(
            "create table answers (id text, day timestamptz, q numeric(4, 1), tier text, "
            "ok boolean)"
        )
        run(
            "insert into answers select lpad(i::text, 4, '0'), "
            "timestamptz '2026-01-05 23:30:00+00' + i * interval '1 day', mod(i, 11), "
            "case when mod(i, 3) = 0 then null else '金卡 %%' end, mod(i, 2) = 0 "
            "from generate_series(0, 39) i"
        )
        yield run
        run(f"drop schema {schema} cascade")
    engine.dispose()


ROWS = "select * from answers order by id"


@served
def test_values_come_as_text_that_the_intake_reads(table: Any) -> None:
    raw = whole(source(ROWS + "  -- all\n;"))
    first = raw.frame.iloc[0].to_dict()
    assert {name: first[name] for name in ("id", "q", "tier", "ok")} == {
        "id": "0000",
        "q": "0",
        "tier": "",
        "ok": "true",
    }
    assert raw.frame["tier"][1] == "金卡 %"
    assert len(raw.frame) == 40
    assert raw.files[0].sha256 == digest(source(ROWS))


@served
def test_parameters_are_bound_never_pasted(table: Any) -> None:
    sql = "select id from answers where tier like :tier and q >= :low and day > :since"
    bound = {"tier": "金卡 \\%", "low": 5, "since": "2026-01-20"}
    assert len(whole(source(sql, parameters=bound)).frame) > 3
    hostile = {**bound, "tier": "x' or true --"}
    with pytest.raises(DataError, match="finds no rows"):
        whole(source(sql, parameters=hostile))


@served
@pytest.mark.parametrize(
    "sql",
    [
        "delete from answers",
        "with gone as (delete from answers returning *) select * from gone",
        "select 1) as x; delete from answers; select * from (select 1",
        "select 1) as x; commit; delete from answers; select * from (select 1",
        "select nextval('numbers')",
        "select set_config('transaction_read_only', 'off', false), nextval('numbers')",
    ],
)
def test_nothing_can_be_written(sql: str, table: Any) -> None:
    table("create sequence numbers")
    with pytest.raises(DataError, match="the query cannot be run"):
        whole(source(sql))
    assert table("select count(*) from answers").scalar() == 40
    assert not table("select is_called from numbers").scalar()


@served
def test_what_a_function_does_all_the_same_is_rolled_back(table: Any) -> None:
    with suppress(DataError):  # from version 16 on the server itself refuses it
        whole(source("select lo_create(471100) as made"))
    count = "select count(*) from pg_largeobject_metadata where oid = 471100"
    assert table(count).scalar() == 0


@served
def test_rows_come_in_pieces_and_alike(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    large = whole(source(ROWS))
    monkeypatch.setattr(database, "PIECE", 7)
    pieces = [len(rows) for _names, rows in database._pieces(source(ROWS))]
    assert pieces == [7, 7, 7, 7, 7, 5]
    small = whole(source(ROWS))
    assert small.frame.equals(large.frame)
    assert small.files == large.files


@served
def test_a_result_beyond_memory_is_refused(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PIECE", 7)
    monkeypatch.setattr(database, "LARGEST", 100)
    with pytest.raises(DataError, match="more than 100 cells"):
        whole(source(ROWS))


@served
def test_faults_of_a_query_are_said_without_the_address(table: Any) -> None:
    with pytest.raises(DataError, match='column "nps" does not exist'):
        whole(source("select nps from answers"))
    with pytest.raises(DataError, match="names two columns 'id'"):
        whole(source("select id, tier as id from answers"))
    with pytest.raises(DataError, match="finds no rows"):
        whole(source("select * from answers where false"))


@served
def test_a_wrong_password_or_database_is_said(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = sa.make_url(SERVER).set(database="cx-no-such-base")
    monkeypatch.setenv("CX_DB_URL", wrong.render_as_string(hide_password=False))
    with pytest.raises(DataError, match="it has no such database or user") as caught:
        whole(source(ROWS))
    assert "cx-no-such-base" not in str(caught.value)
    if sa.make_url(SERVER).password:
        wrong = sa.make_url(SERVER).set(password="not-this-one")
        monkeypatch.setenv("CX_DB_URL", wrong.render_as_string(hide_password=False))
        with pytest.raises(DataError, match="it refuses the login") as caught:
            whole(source(ROWS))
        assert "not-this-one" not in str(caught.value)


@served
def test_a_survey_is_taken_in_and_again_only_when_the_database_changed(
    table: Any, shop: Any
) -> None:
    client = shop.client(
        f"calendar: {{timezone: Asia/Shanghai}}\nperiod: quarter\nsurvey:\n"
        f"  source: {{url_env: CX_DB_URL, sql: {ROWS}}}\n"
        "  columns: {id: id, date: day}\n  metrics: {nps: {column: q}}\n  segments: {tier: tier}\n"
    )
    assert shop.ingest(client).skipped is False
    survey = shop.read()
    assert len(survey) == 40
    assert str(survey["date"].min()) == "2026-01-06 07:30:00"  # Shanghai's clock
    assert shop.ingest(client).skipped is True
    table("update answers set q = 10 where id = '0001'")
    lines = "\n".join(examine(client, shop.workspace).changes)
    assert "sources: changed: 'CX_DB_URL (query " in lines
    assert "restated: nps of 2026Q1" in lines
    assert shop.ingest(client).skipped is False


@served
def test_no_secret_is_kept_in_the_record(table: Any, shop: Any) -> None:
    url = sa.make_url(SERVER)
    client = shop.client(
        f"survey: {{source: {{url_env: CX_DB_URL, sql: {ROWS}}}, "
        "metrics: {nps: {column: q}}}\n"
    )
    shop.ingest(client)
    kept = b"".join(path.read_bytes() for path in shop.tables.iterdir())
    assert SERVER.encode() not in kept
    assert not url.password or str(url.password).encode() not in kept
