"""Whether the dates of a column put the day or the month first: told by all of it, or asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cxlib.data.date_forms import WEEKDAY, match_of, usual
from cxlib.errors import DataError


def is_unsettled(texts: pd.Series) -> bool:
    """Tell whether cells could all be of either order, and some would be another day."""
    words = [usual(word.strip()) for word in texts.unique() if word.strip()]
    found = [match_of(WEEKDAY.sub("", word)) for word in words]
    open_ = [m for m in found if m is not None and is_open(m) and not _is_dotted(m)]
    pairs = [(int(m["one"]), int(m["two"])) for m in open_]
    return all(max(pair) <= 12 for pair in pairs) and any(one != two for one, two in pairs)


def is_open(match: re.Match[str] | None) -> bool:
    """Tell whether a cell could put either first."""
    return match is not None and "one" in match.groupdict()


def _is_dotted(match: re.Match[str]) -> bool:
    """Tell whether a date is written 5.3.2024, as only those do who put the day first."""
    between = match.string[match.end("one") : match.start("year")]
    return between.count(".") == 2 and len(match["year"]) == 4


@dataclass(frozen=True, kw_only=True)
class Order:
    """Whether the dates of a column put the day or the month first.

    `dotted` is the first that only its dots tell, where no other cell does.
    """

    name: str
    at: Callable[[int], str]
    codes: Any
    settled: dict[str, bool]
    dotted: list[str] = field(default_factory=list)

    def decide(self, found: dict[int, re.Match[str] | None], words: pd.Series) -> bool:
        """Return whether the day comes first; refuse to guess."""
        pairs = {i: (int(m["one"]), int(m["two"])) for i, m in found.items() if m is not None}
        day = [i for i, (one, two) in pairs.items() if one > 12 >= two]
        month = [i for i, (one, two) in pairs.items() if two > 12 >= one]
        unclear = [i for i, (one, two) in pairs.items() if one <= 12 and two <= 12 and one != two]
        dotted = dict.fromkeys(i for i, m in found.items() if m is not None and _is_dotted(m))
        unclear = [i for i in unclear if i not in dotted]
        self._check_years(found, words)
        whole = next((_formats(words[i], found[i]) for i in (unclear or day)), ("", ""))
        way_out = f'declare `date_format:`, "{whole[0]}" or "{whole[1]}".'
        before = self.settled.get(self.name)
        by_dots = not any(i in dotted for i in month) if month else before is None and not unclear
        if by_dots and not day:
            day = list(dotted)
            self.dotted.extend([words[i] for i in day if pairs[i][0] != pairs[i][1]][:1])
        if before is not None and (month if before else day):
            odd = (month if before else day)[0]
            raise DataError(
                f"column {self.name!r} mixes day-first and month-first dates: "
                f"{self._show(odd, words)} is unlike those above it; {way_out}"
            )
        if day and month:
            raise DataError(
                f"column {self.name!r} mixes day-first and month-first dates: "
                f"{self._show(day[0], words)} and {self._show(month[0], words)}; {way_out}"
            )
        if before is None and unclear and not day and not month:
            examples = " and ".join(self._show(i, words) for i in unclear[:2])
            raise DataError(
                f"column {self.name!r} does not tell day from month: {examples}; {way_out}"
            )
        if day or month:
            self.settled[self.name] = not month
        return self.settled.get(self.name, not month)

    def _check_years(self, found: dict[int, re.Match[str] | None], words: pd.Series) -> None:
        """Refuse years of two digits that could as well be days."""
        short = {i: m for i, m in found.items() if m is not None and len(m["year"]) == 2}
        years, ones = ({m[part] for m in short.values()} for part in ("year", "one"))
        if short and (len(years) > len(ones) or any(int(one) > 31 for one in ones)):
            i = next(iter(short))
            formats = _formats(words[i], short[i])
            raise DataError(
                f"column {self.name!r} does not tell the year: {self._show(i, words)}; declare "
                f'`date_format:`, "{formats[0]}", "{formats[1]}" or "%y{formats[0][2]}%m'
                f'{formats[0][2]}%d".'
            )

    def _show(self, i: int, words: pd.Series) -> str:
        position = int(np.flatnonzero(self.codes == i)[0])
        return f"{words[i]!r} ({self.at(position)})"


def _formats(word: str, match: re.Match[str] | None) -> tuple[str, str]:
    """Return the formats, day first and month first, that read a cell whole."""
    if match is None:
        return "%d/%m/%Y", "%m/%d/%Y"
    mark = word[match.end("one")]
    year = "%Y" if len(match["year"]) == 4 else "%y"
    time = ""
    if match["hour"]:
        time = " %I:%M" if match["after"] else " %H:%M"
        time += (":%S" if match["second"] else "") + (" %p" if match["after"] else "")
    return tuple(f"{a}{mark}{b}{mark}{year}{time}" for a, b in (("%d", "%m"), ("%m", "%d")))  # type: ignore[return-value]
