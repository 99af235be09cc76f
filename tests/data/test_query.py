from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cxlib.data.query import query_hash, read_pieces
from cxlib.data.readers import Raw
from cxlib.errors import DataError


def whole(folder: Path, sql: str) -> Raw:
    (raw,) = read_pieces(folder, sql, whole=True)
    return raw


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "it's [mine]"
    folder.mkdir()
    (folder / "a.csv").write_text("id,v\n1,x\n2,y\n", encoding="utf-8")
    duckdb.sql("SELECT 1 AS id, 5.0 AS nps").write_parquet(str(tmp_path / "b.parquet"))
    (tmp_path / "b.parquet").rename(folder / "b.parquet")
    (tmp_path / "other.csv").write_text("id\n9\n", encoding="utf-8")
    return folder


def test_files_of_the_folder_join_from_any_working_directory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    sql = "-- don't mind\nSELECT a.*, nps, '中文' AS k FROM 'a.csv' a JOIN \"b.parquet\" USING (id)"
    raw = whole(folder, sql)
    assert raw.frame.to_dict("list") == {"id": ["1"], "v": ["x"], "nps": ["5"], "k": ["中文"]}
    assert whole(folder, "select v from '*.csv'").frame["v"].tolist() == ["x", "y"]


def test_nothing_outside_the_folder_can_be_read_or_written(folder: Path) -> None:
    other = folder.parent / "other.csv"
    frame = "secret"
    for sql in (
        "SELECT * FROM '../other.csv'",
        f"SELECT * FROM '{other}'",
        f"SELECT * FROM read_csv('{other}')",
        f"SELECT * FROM read_text('{other}')",
        f"SELECT * FROM glob('{folder.parent}/*')",
        "SELECT * FROM 'https://example.com/a.csv'",
        "SELECT * FROM frame",
        "SET enable_external_access = true",
        f"ATTACH '{folder}/x.db'",
        f"COPY (SELECT 1) TO '{folder}/c.csv'",
        "SELECT 1; SELECT 2",
        "SELECT v FROM 'a.csv' WHERE",
    ):
        with pytest.raises(DataError):
            whole(folder, sql)
    assert sorted(path.name for path in folder.iterdir()) == ["a.csv", "b.parquet"]
    assert frame == "secret"


@pytest.mark.parametrize(
    "sql",
    [
        "WITH t AS (COPY (SELECT 2) TO '{0}/a.csv') SELECT 1",
        "SELECT * FROM (WITH t AS (COPY (SELECT 2) TO '{0}/a.csv') SELECT 1)",
        "SELECT (WITH t AS (COPY (SELECT 2) TO '{0}/a.csv') SELECT 1)",
        "SELECT * FROM query('WITH t AS (COPY (SELECT 2) TO ''{0}/a.csv'') SELECT 1')",
        "WITH t AS (INSERT INTO x VALUES (1) RETURNING *) SELECT * FROM t",
        "WITH t AS (DELETE FROM x RETURNING *) SELECT * FROM t",
        "COPY (SELECT 2) TO '{0}/a.csv'",
        "EXPORT DATABASE '{0}'",
        "INSTALL httpfs",
        "LOAD '{0}/x'",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "EXPLAIN ANALYZE COPY (SELECT 2) TO '{0}/a.csv'",
        "SELECT getenv('HOME')",
        "SELECT 1 -- ;\n; COPY (SELECT 2) TO '{0}/a.csv'",
        "/* SELECT */ COPY (SELECT 2) TO '{0}/a.csv'",
        "SELECT * FROM 'a.csv' WHERE v IN (WITH t AS MATERIALIZED "
        "(COPY (SELECT 3) TO '{0}/a.csv') SELECT 1)",
        "SELECT * FROM enable_logging('QueryLog', storage = 'file', storage_path = '{0}/l')",
        "SELECT write_log('x') AS v, 1 AS id",
        "SELECT * FROM sqlite_scan('{0}/a.csv', 'x')",
        "PREPARE p AS COPY (SELECT 2) TO '{0}/a.csv'",
        "SET memory_limit = '1GB'",
        "ATTACH '{0}/x.db'",
    ],
)
def test_nothing_that_writes_or_sets_passes(folder: Path, sql: str) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(DataError):
        whole(folder, sql.format(str(folder).replace("'", "''")))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_only_reads_passes_however_deep(folder: Path) -> None:
    sql = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2), "
        "t AS MATERIALIZED (SELECT id, v FROM 'a.csv') "
        "SELECT i, v FROM n JOIN t ON i = id WHERE EXISTS (SELECT 1) UNION SELECT 3, 'z' ORDER BY 1"
    )
    assert whole(folder, sql).frame["v"].tolist() == ["x", "y", "z"]


def test_a_link_out_of_the_folder_is_refused(folder: Path) -> None:
    (folder / "link.csv").symlink_to(folder.parent / "other.csv")
    with pytest.raises(DataError, match=r"link.csv is a link out of the client's data folder"):
        whole(folder, f"SELECT * FROM '{folder}/link.csv'")


def test_a_wrong_query_says_what_is_wrong(folder: Path) -> None:
    with pytest.raises(DataError, match=r'cannot be run: Binder Error: .*"nps" not found'):
        whole(folder, "SELECT nps FROM 'a.csv'")
    with pytest.raises(DataError, match=r"no file 'aa.csv' in .*; did you mean 'a.csv'"):
        whole(folder, "SELECT * FROM 'aa.csv'")
    with pytest.raises(DataError, match="no rows"):
        whole(folder, "SELECT * FROM 'a.csv' WHERE id > 5")


def test_the_hash_changes_with_any_file_and_with_the_query(folder: Path) -> None:
    sql = "SELECT * FROM 'a.csv'"
    before = query_hash(folder, sql)
    assert query_hash(folder, sql) == before
    assert query_hash(folder, sql + " ") != before
    (folder / "a.csv").write_text("id,v\n1,z\n", encoding="utf-8")
    assert query_hash(folder, sql) != before


def test_every_file_of_a_pattern_is_read_whatever_its_encoding(folder: Path) -> None:
    (folder / "x1.csv").write_bytes("名,n\n甲,1\n".encode("gb18030"))
    (folder / "x2.csv").write_text("名,n\n乙,2\n", encoding="utf-8")
    assert whole(folder, "select * from 'x*.csv' order by n").frame["名"].tolist() == ["甲", "乙"]
    assert whole(folder, f"""select * from "{folder.resolve()}/x1.csv" """).frame[
        "名"
    ].tolist() == ["甲"]
    (folder / "x3.csv").write_text("名,m\n丙,3\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"x3\.csv has other columns"):
        whole(folder, "select * from 'x*.csv'")


@pytest.mark.parametrize("arguments", ["", ", encoding = 'gb18030'", ", header = true"])
def test_a_function_that_reads_utf_8_alone_is_refused_with_what_reads_the_file(
    folder: Path, arguments: str
) -> None:
    (folder / "g.csv").write_bytes("名,n\n甲,1\n乙,2\n".encode("gb18030"))
    with pytest.raises(DataError, match=r"read_csv\(\) reads plain UTF-8.*from 'g\.csv'"):
        whole(folder, f"select * from read_csv('g.csv'{arguments})")


def test_rows_are_not_dropped_unseen(folder: Path) -> None:
    for option in ("ignore_errors = true", "IGNORE_ERRORS := true"):
        with pytest.raises(DataError, match="ignore_errors"):
            whole(folder, f"select * from read_csv('a.csv', {option})")


def test_no_query_guesses_which_part_of_a_date_is_the_day(folder: Path) -> None:
    (folder / "d.csv").write_text("id,d\n01,03/04/2024\n02,05/06/2024\n", encoding="utf-8")
    (folder / "i.csv").write_text("id,d\n1,2024-03-04\n2,2024-05-06\n", encoding="utf-8")
    assert whole(folder, "select d from 'd.csv'").frame["d"].tolist()[0] == "03/04/2024"
    told = whole(folder, "select month(strptime(d, '%m/%d/%Y')) m from 'd.csv'")
    assert told.frame["m"].tolist() == ["3", "5"]
    with pytest.raises(DataError, match="dateformat"):
        whole(folder, "select month(d) m from read_csv('d.csv')")
    declared = "select month(d) m from read_csv('d.csv', dateformat = '%d/%m/%Y')"
    assert whole(folder, declared).frame["m"].tolist() == ["4", "6"]
    assert whole(folder, "select month(d) m from 'i.csv'").frame["m"].tolist() == ["3", "5"]
