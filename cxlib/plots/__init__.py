"""Results in, matplotlib axes out: chart types, which draw and calculate nothing.

What all of them take: a table, small bases withheld; ``words`` (the reader's language and the
client's labels) or texts that are said already; ``title`` (what the figure shows, as a sentence);
``alt`` (what someone who cannot see it should know: the title if empty); ``ax``, by default that of
a new figure.
"""
