"""The course: lessons that a trainee works through, their checks, and what a trainer needs."""

from __future__ import annotations

from cxlib.learn.lesson import Lesson, Reply

__all__ = ["Lesson", "Reply"]
