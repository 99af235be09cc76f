"""A client whose file and data are to be put right (lesson 4)."""

from __future__ import annotations

import csv
import re
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cxlib.errors import DataError
from cxlib.workspace import Workspace, write_whole

CLIENT = "pier-bank"
NAME = "{en: Pier Bank, zh: 码头银行}"
SEED = 1
REVERSED = "statements"
"""The touchpoint whose answers were exported upside down: 1 is best."""
TESTS = 60
"""Rows by which the survey was tried out, all of them enthusiastic."""
FAULTS = (
    ("column: NPS,", "column: NPS score,"),
    ("csat: {column: CSAT, scale: [1, 5]", "csat: {column: CSAT, scale: [1, 4]"),
    ('missing: [99, "-"]', "missing: [99]"),
    ("metric: csat, direction", "metric: csta, direction"),
)
"""What is right in the client file, and what stands there instead."""


class Dirty:
    """The client in a learner's workspace: its faults, their repair, and its answers.

    File and data are written unless they are there: then they are somebody's work.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        _write(workspace)

    def faults(self) -> list[str]:
        """Return the errors that `cx check` finds in file and data at present."""
        from cxlib import params
        from cxlib.data.check import check
        from cxlib.params.faults import InvalidParams

        try:
            client = params.load(CLIENT, self.workspace)
        except InvalidParams as wrong:
            return [str(fault) for fault in wrong.faults]
        found = check(client, self.workspace)
        return [str(fault) for fault in found if fault.severity == "error"]

    def repair(self, repairs: Any) -> list[str]:
        """Replace texts in the client's file, (what stands, what shall); return the faults left.

        A pair that has been replaced already may stay listed; a text that is not there once is
        refused.
        """
        path = self.workspace.client_file(CLIENT)
        text = path.read_text(encoding="utf-8")
        for pair in () if repairs is ... else repairs:
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise DataError(f"{pair!r}: a repair is two texts, (what stands, what shall).")
            old, new = pair
            if new in text and (old not in text or old in new):
                continue
            if text.count(old) != 1:
                raise DataError(f"{old!r} stands {text.count(old)} times in {path.name}, not once.")
            text = text.replace(old, new)
        write_whole(path, text.encode("utf-8"))
        return self.faults()

    def answers(self) -> Any:
        """Return the answers of all periods, as they are read once the file is right."""
        from cxlib.engagement import Engagement

        if not self.faults():
            return Engagement.open(CLIENT, workspace=self.workspace).survey(period="history")
        with TemporaryDirectory() as beside:
            twin = Dirty(Workspace(Path(beside).resolve()))
            twin.repair([(wrong, right) for right, wrong in FAULTS])
            return twin.answers()


def _write(workspace: Workspace) -> None:
    from cxlib.data.demo import KEY_FILE, demo_key
    from cxlib.data.demo.unseen import build_unseen

    folder, file = workspace.data(CLIENT), workspace.params / f"{CLIENT}.yaml"
    if folder.exists() and file.exists():
        return
    with TemporaryDirectory() as beside:
        build_unseen(Path(beside), SEED)
        name = f"unseen-{SEED}"
        text = (Path(beside) / "params" / f"{name}.yaml").read_text(encoding="utf-8")
        rows = (Path(beside) / "data" / name / "survey.csv").read_text(encoding="utf-8-sig")
    text = re.sub(r"(?m)^(#|name:).*\n", "", text).replace(name, CLIENT)
    for right, wrong in FAULTS:
        text = text.replace(right, wrong)
    if not file.exists():
        write_whole(file, f"# {CLIENT}\nname: {NAME}\n{text}".encode())
    if not folder.exists():
        write_whole(folder / KEY_FILE, demo_key(CLIENT).hex().encode("ascii") + b"\n")
        write_whole(folder / "survey.csv", _dirtied(rows).encode("utf-8-sig"))


def _dirtied(text: str) -> str:
    """Return the survey with one question upside down and with the rows of the try-out."""
    header, *rows = csv.reader(StringIO(text))
    at = {name: place for place, name in enumerate(header)}
    turned = at[f"T {REVERSED}"]
    for row in rows:
        if row[turned] in tuple("12345"):
            row[turned] = str(6 - int(row[turned]))
    tries: list[list[Any]] = []
    for number in range(TESTS):
        row = ["5"] * len(header)
        row[at["ID"]], row[at["Date"]] = f"TEST{number:03d}", f"2026-07-{1 + number % 28:02d} 09:00"
        row[at["Region"]], row[at["Comment"]] = "Test", ""
        row[at[header[2]]], row[at["NPS"]], row[at["CES"]] = rows[0][2], "10", "7"
        tries.append(row)
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *tries, *rows])
    return out.getvalue()
