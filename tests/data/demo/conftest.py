"""Read the demo clients' raw files the plain way, independently of the kit's own ingest."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from ruamel.yaml import YAML

from cxlib.data.demo import _guests, harbour, lakeside
from cxlib.data.demo._survey import Model

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "data"


@dataclass(frozen=True)
class Codes:
    """Where the columns of a client stand, and what its codes mean."""

    columns: dict[str, str]
    unused: tuple[str, ...]
    missing: tuple[str, ...] = ("99", "-", "")


def clean(text: object) -> str:
    """Return a cell as a careful reader sees it."""
    return unicodedata.normalize("NFKC", str(text)).strip()


def decode(raw: pd.DataFrame, codes: Codes, freq: str) -> pd.DataFrame:
    """Return ratings as numbers, `<key>_used`, `period` and `id`, the last of repeated rows."""
    data = pd.DataFrame(index=raw.index)
    for key, column in codes.columns.items():
        texts = raw[column].map(clean)
        if key in {"id", "date", "weight", "comment"} or key.startswith("by_"):
            data[key] = texts
            continue
        data[f"{key}_used"] = ~texts.isin(codes.unused)
        gone = texts.isin([*codes.unused, *codes.missing])
        data[key] = pd.to_numeric(texts.mask(gone, None))
    data = data[data["date"] != ""].copy()
    plain = data["date"].str.replace("[年月]", "-", regex=True).str.replace("日", "")
    dates = pd.to_datetime(plain, format="mixed")
    data["period"] = dates.dt.to_period(freq).astype(str)
    return data.drop_duplicates(["id", "period"], keep="last").reset_index(drop=True)


def nps(ratings: pd.Series) -> float:
    """Return the score in points."""
    answers = ratings.dropna()
    return float(100 * ((answers >= 9).mean() - (answers <= 6).mean()))


def nps_error(ratings: pd.Series) -> float:
    """Return the score's standard error in points."""
    answers = ratings.dropna()
    promoters, detractors = (answers >= 9).mean(), (answers <= 6).mean()
    spread = promoters + detractors - (promoters - detractors) ** 2
    return float(100 * (spread / len(answers)) ** 0.5)


UNUSED = {
    "harbour-hotels": ("不适用",),
    "lakeside-bank": ("88", "N/A"),
    "nova-mall": ("未使用", "N/A"),
}


@cache
def params(client: str) -> dict:
    return YAML(typ="safe").load((ROOT / "params" / f"{client}.yaml").read_text("utf-8"))


@cache
def raw(client: str) -> pd.DataFrame:
    folder = DATA / client
    if client == "harbour-hotels":
        return pd.read_csv(
            folder / "survey.csv", encoding="gb18030", dtype=str, keep_default_na=False
        )
    if client == "lakeside-bank":
        return pd.read_excel(
            folder / "survey.xlsx",
            sheet_name="Responses",
            dtype=str,
            keep_default_na=False,
            engine="calamine",
        )
    files = [pd.read_csv(f, dtype=str, keep_default_na=False) for f in sorted(folder.glob("su*"))]
    return pd.concat(files, ignore_index=True).fillna("")


@cache
def survey(client: str) -> pd.DataFrame:
    section = params(client)["survey"]
    columns = dict(section["columns"])
    columns |= {key: item["column"] for key, item in section["metrics"].items()}
    columns |= {item["key"]: item["column"] for item in section["touchpoints"]}
    columns |= {f"by_{key}": item["column"] for key, item in section["segments"].items()}
    if "brand" in columns:
        columns["by_brand"] = columns.pop("brand")
    freq = {"quarter": "Q", "month": "M"}[params(client)["period"]]
    return decode(raw(client), Codes(columns, UNUSED[client]), freq)


def own(client: str) -> pd.DataFrame:
    data = survey(client)
    return data[data["by_brand"] == lakeside.OWN] if client == "lakeside-bank" else data


def regression(data: pd.DataFrame, model: Model) -> sm.regression.linear_model.RegressionResults:
    """Recommendation on all ratings (filled with the users' mean) and the usage indicators."""
    keys = [point.key for point in model.touchpoints]
    design = data[keys].fillna(data[keys].mean())
    for key in model.partly_used:
        design[f"{key}_used"] = data[f"{key}_used"].astype(float)
    known = data["nps"].notna()
    fit = sm.OLS(data.loc[known, "nps"], sm.add_constant(design[known]))
    groups = pd.factorize(data.loc[known, "id"])[0]
    return fit.fit(cov_type="cluster", cov_kwds={"groups": groups})


@cache
def harbour_population() -> tuple[_guests.Guests, _guests.Stays]:
    rng = np.random.default_rng(harbour.SEED)
    people = _guests.guests(rng)
    return people, _guests.stays(rng, people)


@cache
def tickets() -> pd.DataFrame:
    log = pd.read_csv(DATA / "lakeside-bank" / "tickets.csv", dtype=str, keep_default_na=False)
    for column in ("Created", "First response", "Solved", "Closed"):
        log[column] = pd.to_datetime(log[column].mask(log[column] == "", None))
    return log


@pytest.fixture(scope="session")
def files() -> SimpleNamespace:
    """Everything above, for tests to call: their folder is no package to import from."""
    return SimpleNamespace(
        root=ROOT,
        data=DATA,
        clean=clean,
        nps=nps,
        nps_error=nps_error,
        params=params,
        raw=raw,
        survey=survey,
        own=own,
        regression=regression,
        harbour_population=harbour_population,
        tickets=tickets,
    )
