"""The errors that a user of the study can meet.

Every one of them is a sentence that says what is wrong, where it is wrong and what would be right, so that the
command line can print it as it is, with no traceback in front of it.
"""

from __future__ import annotations


class StudyError(Exception):
    """Base of all errors that the study raises on purpose.

    Parameters
    ----------
    problem : str
        What is wrong, as one sentence without a final stop.
    where : str, optional
        The file, row, column, parameter or record that is at fault.
    expected : str, optional
        What would be right.

    Examples
    --------
    >>> print(StudyError("minutes asleep are negative", where="sleep.csv, row 7", expected="0 to 1440"))
    sleep.csv, row 7: minutes asleep are negative. Expected: 0 to 1440.
    """

    def __init__(self, problem: str, *, where: str = "", expected: str = "") -> None:
        self.problem = problem
        self.where = where
        self.expected = expected
        place = f"{where}: " if where else ""
        remedy = f" Expected: {expected}." if expected else ""
        super().__init__(f"{place}{problem}.{remedy}")


class InputError(StudyError):
    """A file that the user gave can't be read as what it should be."""


class ParameterError(StudyError):
    """A parameter or profile is unknown, ill-typed or out of range."""


class ArtifactError(StudyError):
    """A file that an earlier notebook should have written is missing or belongs to another run."""


class TeacherError(StudyError):
    """A remote or local teacher could not answer."""


class TrainingError(StudyError):
    """A training can't go on, such as one whose loss is no number any more."""


def exit_code(error: StudyError) -> int:
    """Exit code of a command that ends with this error: 2 for bad input or a bad parameter, 1 for a failure."""
    return 2 if isinstance(error, InputError | ParameterError | ArtifactError) else 1
