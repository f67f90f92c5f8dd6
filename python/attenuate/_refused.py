"""The one error of this module."""


class Refused(Exception):
    """What cannot be carried, or what the program refuses, in one sentence that names it."""
