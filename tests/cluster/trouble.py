"""Why the test bed cannot do what was asked, in one line."""


class Trouble(Exception):
    """Says what is wrong and what to do; shown without a traceback."""
