"""The one kind of error a user may cause."""


class UserError(ValueError):
    """A mistake the user can mend, said in one sentence: what, where, what is allowed."""
