"""A module's list of tests."""


class Tests:
    """Use as a decorator; calling it gives (name, function) of all, in the order written."""

    def __init__(self):
        self.all = []

    def __call__(self, function=None):
        if function is None:
            return self.all
        self.all.append((function.__name__, function))
        return function
