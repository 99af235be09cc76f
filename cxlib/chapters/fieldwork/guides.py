"""The guides of interview and focus group: part, minutes, question, asked further, and why."""

from __future__ import annotations

from cxlib.words import mark as _

# fmt: off
INTERVIEW = ("Interview", (
    (_("Opening"), 5, _("We want to learn how you experience {name}. There are no wrong answers, and nobody is quoted by name. May I take notes?"), "", _("Consent and trust first: without them people are polite, not frank.")),
    (_("The last time"), 10, _("Please tell me about the last time you had to do with {name}, from the beginning."), _("What happened then? Who did what? How did you feel?"), _("A real occasion, told in order, is remembered better than an opinion (critical incident).")),
    (_("The journey"), 15, _("Let us go through it step by step: {stages}. What worked, what did not?"), _("What would have helped there? What did you do instead?"), _("Every step is asked of everybody, so that silence means something.")),
    (_("Needs"), 10, _("What matters most to you, and what would you do without?"), _("Can you give an example? What if only one thing could change?"), _("Having to choose shows what weighs; “everything” does not.")),
    (_("Close"), 5, _("What did I not ask that I should have?"), _("May we come back to you with what became of it?"), _("The last question often brings what our list did not foresee.")),
))
FOCUS_GROUP = ("Focus group", (
    (_("Opening"), 10, _("We are here to hear different views of {name}. Please speak one at a time, and disagree freely."), _("Everybody says a first name and one word for {name}."), _("Who has spoken once speaks again; disagreement is allowed from the start.")),
    (_("Write first"), 10, _("Please write down, each alone, your best and your worst moment with {name}."), "", _("Written before it is discussed, so that the first speaker does not set the tone.")),
    (_("The journey"), 25, _("Put your moments on the wall: {stages}. Who has seen the same, who the opposite?"), _("Who has not spoken yet? What is different for you?"), _("Contradictions are noted with who said them: they are followed up, not settled here.")),
    (_("Weigh"), 20, _("You have three dots each: where should {name} begin?"), _("Why there? What would be different next month?"), _("Dots make quiet people count as much as loud ones; they rank, they do not measure.")),
    (_("Ideas"), 20, _("What would you change first if you worked at {name}?"), _("What would that take? Who would mind?"), _("Ideas come last, once the problems are on the wall.")),
    (_("Close"), 5, _("What was missing today?"), _("May we come back to you with what became of it?"), _("What is fed back brings people back.")),
))
# fmt: on
