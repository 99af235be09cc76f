"""What a run makes of a client's chapters beside their reports: a spreadsheet, a deck."""

from __future__ import annotations

from collections.abc import Sequence

from cxlib.errors import DataError, RunError
from cxlib.report.saved import saved_chapters
from cxlib.workspace import Workspace


def make(
    kind: str,
    place: Workspace,
    client: str,
    *,
    period: str,
    language: str,
    missing: Sequence[str] = (),
) -> bytes:
    """Make a spreadsheet (``xlsx``) or a deck (``pptx``) from what lies in a job's folder.

    Chapters that failed in this run (stems, `missing`) are named; RunError if none could be made.
    """
    from cxlib import params
    from cxlib.chapters import words_of
    from cxlib.data.face import face_of
    from cxlib.engagement import Engagement

    opened = params.load(client, place)
    words = words_of(opened, place, language)
    engagement = Engagement(
        client=opened, workspace=place, period=period, words=words, chapter="exports"
    )
    chapters = saved_chapters(engagement, missing)
    if all(chapter.missing for chapter in chapters):
        raise RunError("no chapter could be made: there is nothing to write.")
    face = face_of(opened, place, language)
    if kind == "pptx":
        from cxlib.report.deck import deck as made
    else:
        from cxlib.report.workbook import workbook as made
    try:
        return made(engagement, chapters, face=face)
    except DataError as error:
        again = f"`cx run {client} --period {period} --format {kind} --force` makes all anew."
        raise DataError(f"{error} If another kit saved it, {again}") from error
