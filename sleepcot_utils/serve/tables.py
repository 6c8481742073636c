"""From the body of a request to a nightly table: rows as JSON, or the export of a wearable as an upload."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request

from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import read_export
from sleepcot_utils.ingest.archives import DAMAGE
from sleepcot_utils.serve.questions import Refused
from sleepcot_utils.serve.schemas import NightsRequest, Reading
from sleepcot_utils.serve.settings import Settings

Body = TypeVar("Body", bound=BaseModel)
#: Field of a form that holds the file.
EXPORT = "export"
MOST_FIELDS = 20


async def body_of(request: Request, kind: type[Body]) -> tuple[Body, UploadFile | None]:
    """What a request asks, and the export that it brings; whoever calls this closes the upload.

    Raises
    ------
    Refused
        400 for a body that is no JSON or no form, 422 for one that asks for what there is not.
    """
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form(max_files=1, max_fields=MOST_FIELDS)
        upload = form.get(EXPORT)
        if not isinstance(upload, UploadFile):
            raise Refused(
                400, "no_export", "the form holds no file", where=EXPORT, expected=f"a file in the field {EXPORT!r}"
            )
        fields = {name: value for name, value in form.items() if name != EXPORT and value != ""}
        return _validated(kind, fields), upload
    raw = await request.body()
    try:
        given = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as problem:
        raise Refused(400, "bad_json", f"the body is no JSON ({_brief(problem)})", expected="JSON in UTF-8") from None
    body = _validated(kind, given)
    if isinstance(body, NightsRequest) and not body.nights:
        raise Refused(422, "no_nights", "there are no nights", where="nights", expected="one row a night, or an export")
    return body, None


def _brief(problem: Exception) -> str:
    if isinstance(problem, UnicodeDecodeError):
        return f"byte {problem.start} is not UTF-8"
    return (
        f"{problem.msg} at letter {problem.pos}" if isinstance(problem, json.JSONDecodeError) else "too deeply nested"
    )


def _validated(kind: type[Body], given: Any) -> Body:
    try:
        return kind.model_validate(given)
    except ValidationError as problem:
        raise unfit(problem.errors()) from None


def unfit(errors: Any) -> Refused:
    """The first of the faults that a schema found, without the value that was at fault."""
    first = dict(errors[0])
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    more = f"; {len(errors) - 1} more" if len(errors) > 1 else ""
    return Refused(422, "invalid", f"{first['msg']}{more}".rstrip("."), where=where or "body")


def table_of(body: NightsRequest, upload: UploadFile | None, settings: Settings) -> tuple[pd.DataFrame, Reading | None]:
    """The nightly table of a request; reads and computes, so call it outside the event loop.

    Raises
    ------
    InputError
        If rows can't be true, or nothing usable is in the export.
    """
    if upload is None:
        rows = pd.DataFrame(body.model_dump()["nights"])
        return nightly.validate(nightly.conform(rows), where="nights"), None
    # Only its user can read a folder of tempfile; it is gone with the request.
    with tempfile.TemporaryDirectory(prefix="sleepcot-") as folder:
        path = Path(folder) / f"export{_suffix(upload.filename)}"
        with path.open("wb") as target:
            shutil.copyfileobj(upload.file, target)
        _refuse_large_archive(path, settings.max_unpacked_bytes)
        result = read_export(path, strict=False)
    reading = Reading(
        vendor=result.vendor,
        skipped_records=len(result.skipped),
        unread_files=len(result.unread),
        not_given={item.column: item.reason for item in result.not_given},
    )
    return result.nights, reading


def _suffix(name: str | None) -> str:
    """Ending of a file's name; nothing else of the name is used, for it comes from a stranger."""
    suffix = Path(name or "").suffix.lower()
    return suffix if suffix in {".zip", ".csv", ".json", ".xml", ".db", ".txt"} else ""


def _refuse_large_archive(path: Path, limit: int) -> None:
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(info.file_size for info in archive.infolist())
    except DAMAGE:
        return  # reading the export says what is damaged
    if total > limit:
        raise InputError(
            f"the archive unpacks to {total / 2**20:,.0f} MiB",
            where="export",
            expected=f"at most {limit // 2**20:,} MiB here; `make coach` reads larger ones",
        )
