"""A sample of comments that people code by hand: its key, its sheet, and what comes back."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

import pandas as pd

from cxlib.data import values
from cxlib.data.ledger import Ledger, Path, examples
from cxlib.data.readers import Raw
from cxlib.data.register_excel import new_book
from cxlib.errors import Count
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.params.voice import Coding

THEME = re.compile(r"\[([a-z][a-z0-9_]*)\]\s*$")
"""The end of a theme's heading."""
_YES, _NO = frozenset("√✓✔☑"), frozenset("×✗✘☒")
_GUIDE = (
    ("1. Read each comment, and write 1 under every theme that it speaks of, whether it praises or "
     "complains.", "1. 逐条阅读评论，在其谈到的每个主题下填 1，无论是称赞还是抱怨。"),
    ("2. Write 1 under “done” when a comment is finished: what is empty then means no. A comment "
     "with nothing in its row counts as not coded.",
     "2. 一条评论看完后，在“done 已读”下填 1：此时空格表示“没有谈到”。整行为空的评论视为未编码。"),
    ("3. Change neither the ids nor the comments, and do not talk to the other coder before both "
     "have finished.", "3. 不要改动编号和评论文字；两位编码员都完成之前，不要相互商量。"),
    ("4. Save the file in the same folder; cx check says what cannot be read.",
     "4. 保存在原文件夹中；无法读取之处，cx check 会逐一指出。"),
)  # fmt: skip


def key_of(text: str) -> str:
    """Return what names a comment in a sample: of its words, whatever the spaces."""
    return "c" + hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:11]


def workbook(
    section: Coding, comments: Iterable[str], themes: Mapping[str, Mapping[str, str]], *, coder: str
) -> bytes:
    """Return a sample as an Excel workbook: comments down, themes across, in both languages."""
    made = io.BytesIO()
    columns = section.columns
    texts = list(comments)
    with new_book(made) as book:
        wrap = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        open_ = book.add_format({"bg_color": "#fff8e5", "border": 1, "border_color": "#d5dbe2"})
        sheet = book.add_worksheet("sample 样本")
        sheet.freeze_panes(1, 2)
        names = [f"{_both(label)} [{key}]" for key, label in themes.items()]
        heads = [columns.id, columns.text, columns.coder, columns.done, *names]
        for at, name in enumerate(heads):
            sheet.set_column(at, at, (14, 70, 10, 8)[at] if at < 4 else 13)
            sheet.write_string(0, at, name, head)
        for row, text in enumerate(texts, start=1):
            for at, cell in enumerate((key_of(text), text, coder)):
                sheet.write_string(row, at, cell, wrap)
            for at in range(3, len(heads)):
                sheet.write_blank(row, at, None, open_)
        guide = book.add_worksheet("guide 说明")
        guide.set_column(0, 0, 100, wrap)
        for row, said in enumerate(line for pair in zip(*_GUIDE, strict=True) for line in pair):
            guide.write_string(row, 0, said, wrap)
    return made.getvalue()


def _both(label: Mapping[str, str]) -> str:
    return " ".join(
        dict.fromkeys(label[language] for language in ("en", "zh") if label.get(language))
    )


def settle(raw: Raw, section: Coding, at: Path, ledger: Ledger) -> pd.DataFrame:
    """Return what each coder found in each comment; rows that nobody has read yet are left out."""
    columns: dict[str, pd.Series] = {}
    for key in ("id", "text", "coder", "done"):
        name = getattr(section.columns, key)
        cells = ledger.column(raw, name, (*at, "columns", key))
        columns[key] = pd.Series("", index=raw.frame.index) if cells is None else cells.str.strip()
    themes = {m[1]: name for name in raw.columns if (m := THEME.search(name))}
    if not themes:
        ledger.error(at, f"{raw.name} has no column of a theme, such as “Price [price]”.")
    done = _marks(raw, columns["done"], (*at, "columns", "done"), ledger)
    marks = {key: _marks(raw, raw.frame[name], at, ledger) for key, name in themes.items()}
    table = pd.DataFrame(marks, index=raw.frame.index)
    read = done.fillna(False).astype(bool) | table.notna().any(axis=1)
    changed = read & (columns["text"].map(key_of) != columns["id"])
    if changed.any():
        ledger.warn(
            at,
            f"{(n := Count(changed.sum()))} {n:comment is|comments are} not the words that "
            "were sent out, the first "
            f"{raw.at(int(changed.to_numpy().argmax()))}: their rows are left out.",
        )
    if (~read).any() and not ledger.failed:
        left = (~read).to_numpy()
        ledger.warn(
            at,
            f"{(n := Count(left.sum()))} of {len(read)} rows {n:is|are} not coded, the first "
            f"{raw.at(int(left.argmax()))}: nothing is marked, and {section.columns.done!r} is "
            "empty; they count for nothing.",
        )
    ledger.drop(_("not coded"), int((~read).sum()))
    ledger.drop(_("words changed since they were sent out"), int(changed.sum()))
    files = [PurePath(raw.at(place).rpartition(" row ")[0]).stem for place in range(len(read))]
    frame = pd.DataFrame(
        {
            "comment_key": columns["id"],
            "coder": columns["coder"].where(columns["coder"] != "", pd.Series(files, read.index)),
            "named": _listed(table.fillna(False).astype(bool)),
            "looked_for": " ".join(themes),
        },
        index=raw.frame.index,
        dtype="str",
    )[read & ~changed]
    twice = frame.duplicated(["comment_key", "coder"], keep="last")
    ledger.drop(_("coded again by the same person"), int(twice.sum()))
    return frame[~twice]


def _marks(raw: Raw, cells: pd.Series, path: Path, ledger: Ledger) -> pd.Series:
    """Return yes, no or nothing: 1 and 0, yes and no, 是 and 否, ✓ and ✗."""
    bare = cells.str.strip()
    plain = bare.mask(bare.isin(_YES), "1").mask(bare.isin(_NO), "0")
    found, stray = values.flags(plain)
    if stray.any():
        ledger.error(
            path,
            f"column {cells.name!r} holds {(n := Count(stray.sum()))} "
            f"{n:mark that is|marks that are} neither yes nor no: "
            f"{examples(raw, cells, stray)}; write 1, or 0, or leave it empty.",
            cells.name,
        )
    return found


def _listed(table: pd.DataFrame) -> list[str]:
    return [
        " ".join(key for key, yes in zip(table.columns, row, strict=True) if yes)
        for row in table.to_numpy(dtype=bool)
    ]


def coded_of(rows: Sequence[Mapping[str, str]] | pd.DataFrame) -> pd.DataFrame:
    """Return a table of codes as one row a comment, coder and theme: ``yes`` or not."""
    table = pd.DataFrame(rows)
    parts = [
        {"comment_key": key, "coder": coder, "theme": theme, "yes": theme in named.split()}
        for key, coder, named, asked in table[
            ["comment_key", "coder", "named", "looked_for"]
        ].itertuples(index=False)
        for theme in asked.split()
    ]
    return pd.DataFrame(parts, columns=["comment_key", "coder", "theme", "yes"])
