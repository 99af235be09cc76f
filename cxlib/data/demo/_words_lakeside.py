"""What customers of the demo bank, and of its competitor, write."""

from __future__ import annotations

from cxlib.data.demo._comments import Phrases

ENGLISH = Phrases(
    praise={
        "onboarding": (
            "opening the account took {few} minutes",
            "joining was painless and the card came in {few} days",
            "they switched my direct debits over without a hitch",
        ),
        "app": (
            "the app is quick and easy to use",
            "I can do nearly everything in the app",
            "I love what you have done with {feature} in the app",
            "the app never lets me down",
        ),
        "branch": (
            "the staff in the {place} branch know me by name",
            "the branch sorted my {matter} on the spot",
            "always a warm welcome in branch",
        ),
        "contact_centre": (
            "the phone line answered straight away and {agent} fixed it",
            "{agent} on the phone could not have been more helpful",
            "I got through to a real person in {few} minutes",
            "chat solved my {matter} first time",
        ),
        "payments": (
            "payments go through instantly",
            "sending money abroad is simple",
            "standing orders just work",
        ),
        "statements": (
            "statements are clear and easy to read",
            "I like the monthly summary of my spending",
            "paperless statements suit me well",
        ),
        "fees": (
            "the {rate} rate is better than anywhere else",
            "fees are fair and explained up front",
            "no hidden charges, which I appreciate",
        ),
        "alerts": (
            "the fraud alert came within seconds",
            "I feel safe with the security checks",
            "they spotted an odd payment and called me at once",
        ),
    },
    blame={
        "onboarding": (
            "opening the account took {weeks} weeks",
            "I had to send my passport copy {times} times",
            "nobody told me what was missing from my application",
        ),
        "app": (
            "the app crashes whenever I open {feature}",
            "the app keeps logging me out",
            "the last update made the app slower",
            "I could not find {feature} in the app",
        ),
        "branch": (
            "the {place} branch is only open {few} days a week now",
            "I queued {minutes} minutes in the branch",
            "the branch just told me to phone instead",
        ),
        "contact_centre": (
            "I waited {minutes} minutes on hold",
            "I had to explain my {matter} {times} times to different people",
            "nobody called me back about my {matter}",
            "the chat kept sending me to the same help page",
            "I was cut off {times} times and had to start again",
        ),
        "payments": (
            "a payment was blocked for no reason",
            "a transfer took {few} days to arrive",
            "my standing order was not paid and nobody told me",
        ),
        "statements": (
            "the statement is confusing and does not add up",
            "paper statements stopped without notice",
            "I cannot download statements older than a year",
        ),
        "fees": (
            "I was charged {pounds} for going overdrawn by a few pence",
            "the {rate} rate dropped again while others went up",
            "fees are too high and never explained",
            "I was hit with a {pounds} fee that I did not expect",
        ),
        "alerts": (
            "my card was frozen abroad and nobody could help",
            "too many security texts, one for every coffee",
            "I got locked out after a security check that did not work",
        ),
    },
    glad=(
        "best bank I have been with",
        "very happy with everything so far",
        "have been with them for years and would not change",
        "no complaints at all",
        "it just works",
    ),
    sad=(
        "I am thinking of switching",
        "not happy with the service lately",
        "they do not care about customers like me",
        "very disappointing",
        "used to be a good bank",
    ),
    plain=(
        "it is fine, nothing special",
        "does what a bank should do",
        "not bad, could be better",
        "mostly good with the odd hiccup",
    ),
    but=("{0}, but {1}", "{0}. That said, {1}", "{0}, although {1}", "{0}; on the other hand, {1}"),
    also=("{0}, and {1}", "{0}. Also, {1}", "{0}; {1}"),
    thanks=("Keep it up", "Thank you", "Would recommend", "Please do not change"),
    demand=(
        "Please sort it out",
        "This needs fixing",
        "Still waiting for an answer",
        "I expect better",
        "I will move my money elsewhere",
    ),
    contact=(
        "Call me on 07700 900{digits}.",
        "You can reach me at customer{digits}@example.com.",
        "Email j.smith{digits}@example.com if you want details.",
    ),
    slots={
        "few": ("two", "three", "four", "five"),
        "minutes": ("20", "25", "35", "40", "over 45", "30"),
        "weeks": ("three", "four", "six"),
        "times": ("three", "four", "two"),
        "feature": ("the savings pots", "the spending chart", "card freezing", "the payee list"),
        "place": ("high street", "station road", "town centre", "market square"),
        "matter": ("lost card", "mortgage query", "refund", "disputed payment", "address change"),
        "agent": ("the lady", "the adviser", "the young man", "the agent"),
        "rate": ("savings", "mortgage", "card"),
        "pounds": ("£12", "£25", "£30", "£8"),
        "digits": ("123", "456", "789", "321", "654"),
    },
    stop=".",
    gap=" ",
)
