"""The register of needs of a demo client: drawn from its own seed, with planted truth."""

from __future__ import annotations

import datetime as dt

import numpy as np

from cxlib.data.demo._mess import register_text

SEED = 20260701
AGREES = 0.9
"""How often the second coder chooses what the first chose."""

SAID = {
    "n1": (
        ("I waited half an hour on the phone.", "Nobody answers at lunch time.",
         "I gave up in the queue."),
        ("", " That was the third time this month.", " In the end I drove to the branch.",
         " Why can nobody call me back?", " I only wanted to ask about a transfer."),
    ),
    "n2": (
        ("The fee came as a surprise.", "Tell me what it costs first.",
         "I found the fee on the bill."),
        ("", " Nobody had mentioned it.", " It is not the amount, it is finding out afterwards.",
         " I would have paid another way.", " The price list is too long to read."),
    ),
    "n3": (
        ("I want to speak to someone at a counter.", "Keep the counters open."),
        ("", " My mother does not use the app.", " Some things I would rather not do on a screen.",
         " The machine does not take coins.", " I live round the corner."),
    ),
    "n4": (
        ("I had to call three times about my card.", "Each agent began again with my card."),
        ("", " I told the same story every time.", " Nobody could see what the last one had noted.",
         " It took two weeks in the end.", " One call should be enough."),
    ),
    "n6": (
        ("I never know where my request stands.", "Nobody tells me what happens next."),
        ("", " A text message would do.", " I rang twice just to ask.",
         " The app only says that it was received.", " I had handed in everything weeks before."),
    ),
    "n7": (
        ("My card was refused abroad until I called.", "Let me travel without ringing you first."),
        ("", " I stood at a hotel desk at midnight.", " Other banks manage it in the app.",
         " The call cost more than the coffee.", " I travel every month for work."),
    ),
}  # fmt: skip
AGAINST = (
    ("I have not been to a counter in years.", "Close the counters and mend the app."),
    ("", " I do everything on my phone.", " The branch is shut when I have time anyway.",
     " Spend the money on longer phone hours.", " None of my friends goes there."),
)  # fmt: skip
"""What people say of a need, and how they go on."""

HEARD = {
    "questionnaire": {"n1": 44, "n2": 35, "n3": 8, "n4": 24, "n6": 22},
    "interview": {"n1": 19, "n2": 14, "n3": 6, "n4": 12, "n6": 11, "n7": 13},
    "focus group": {"n1": 18, "n2": 15, "n3": 5, "n4": 6, "n6": 10, "n7": 10},
}
"""People by source and need; of those who speak of n3, every other says the opposite."""
FIELD = {
    "questionnaire": (150, dt.date(2026, 6, 1), 5),
    "interview": (24, dt.date(2026, 7, 1), 1),
    "focus group": (24, dt.date(2026, 8, 3), 6),
}
"""Of each source: people, first day, and how many are heard on one day."""
LATE = {"n4": 2, "n6": 4, "n7": 7}
"""How many interviews went by before a need came up."""
UNSORTED = ("The rates are what they are.", "Nice calendar at Christmas.")


def register() -> str:
    """Return the register as YAML."""
    rng = np.random.default_rng(SEED)
    lines: list[str] = []
    for source, heard in HEARD.items():
        people, first, a_day = FIELD[source]
        for need, times in heard.items():
            late = LATE.get(need, 0) if source == "interview" else 0
            chosen = late + rng.permutation(people - late)[:times]
            for turn, person in enumerate(chosen.tolist()):
                against = need == "n3" and turn % 2 == 1
                quote = "".join(map(rng.choice, AGAINST if against else SAID[need]))
                quote = quote if lines else f"{quote} Call me on 020 7946 0958."
                other = rng.choice([n for n in SAID if n != need])
                cells = {"need": need, "second": need if rng.random() < AGREES else other}
                cells |= {"source": source, "quote": f'"{quote}"'}
                cells |= {"who": f"{source[0].upper()}{person + 1:02}"}
                cells |= {"when": first + dt.timedelta(days=person // a_day)}
                cells |= {"group": f"g{1 + person % 3}"}
                lines.append(_line(lines, cells | ({"stance": "against"} if against else {})))
    for person, quote in enumerate(UNSORTED, 1):
        cells = {"source": "interview", "quote": f'"{quote}"', "who": f"I{person:02}"}
        cells |= {"when": FIELD["interview"][1] + dt.timedelta(days=person - 1), "group": "g3"}
        lines.append(_line(lines, cells))
    return register_text("needs", evidence="".join(lines))


def _line(before: list[str], cells: dict[str, object]) -> str:
    told = {"id": f"e{len(before) + 1}"} | cells
    return f"  - {{{', '.join(f'{name}: {cell}' for name, cell in told.items())}}}\n"
