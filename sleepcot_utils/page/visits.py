"""What a person brings to the page, read into reports; it lives in memory and ends with the visit."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

from starlette.datastructures import UploadFile

from sleepcot_utils.errors import InputError
from sleepcot_utils.report.full import FullReport, full_reports
from sleepcot_utils.serve.schemas import NightsRequest, Reading
from sleepcot_utils.serve.settings import Settings
from sleepcot_utils.serve.tables import table_of
from sleepcot_utils.simulate.nights import simulate_nights
from sleepcot_utils.simulate.people import simulate_people

Sex = Literal["female", "male"]
MEGABYTE = 2**20
#: Seeds of the simulated person, whose device measures all that a report asks for, and of that person's nights.
EXAMPLE_PERSON_SEED, EXAMPLE_NIGHTS_SEED = 9, 10


class EmptyFile(InputError):
    """A file without a byte in it."""


class LargeFile(InputError):
    """A file beyond the limit of an upload.

    Parameters
    ----------
    size_mb, limit_mb : float
        Its size and the limit, in units of 2**20 bytes.
    """

    def __init__(self, size_mb: float, limit_mb: float) -> None:
        super().__init__(f"the file has {size_mb:,.0f} MB", where="export", expected=f"at most {limit_mb:,.0f} MB")
        self.size_mb, self.limit_mb = size_mb, limit_mb


@dataclass(frozen=True)
class Visit:
    """Reports of the people of one export.

    Attributes
    ----------
    fulls : list of FullReport
        One a person.
    too_few : list of str
        People with too few nights for a report.
    nights : int
        Main nights of the export.
    reading : Reading or None
        What became of the records; None for the simulated example.
    """

    fulls: list[FullReport]
    too_few: list[str]
    nights: int
    reading: Reading | None


def read_visit(
    data: bytes,
    name: str,
    settings: Settings,
    *,
    window_nights: Literal[7, 14, 30],
    age_y: float | None,
    sex: Sex | None,
) -> Visit:
    """Read an uploaded export; nothing of it stays on the disk.

    Parameters
    ----------
    name : str
        Name of the file; only its ending is used.

    Raises
    ------
    InputError
        If the file is empty, too large, of no kind that is known, or holds no night that can be read.
    """
    if not data:
        raise EmptyFile("the file is empty", where="export", expected="an export of a wearable")
    if len(data) > settings.max_upload_bytes:
        raise LargeFile(len(data) / MEGABYTE, settings.max_upload_bytes / MEGABYTE)
    body = NightsRequest.model_validate({"window_nights": window_nights, "age_y": age_y, "sex": sex})
    table, reading = table_of(body, UploadFile(io.BytesIO(data), filename=name), settings)
    fulls, too_few = full_reports(table, window_nights=window_nights, most=settings.max_persons, age_y=age_y, sex=sex)
    return Visit(fulls, too_few, int((table["sleep_kind"] == "main").sum()), reading)


def example_visit(window_nights: int) -> Visit:
    """A visit of a simulated person."""
    people = simulate_people(1, EXAMPLE_PERSON_SEED)
    table, _ = simulate_nights(people, window_nights, EXAMPLE_NIGHTS_SEED)
    person = people.iloc[0]
    fulls, too_few = full_reports(
        table, window_nights=window_nights, most=1, age_y=float(person["age_y"]), sex=str(person["sex"])
    )
    return Visit(fulls, too_few, int((table["sleep_kind"] == "main").sum()), None)
