"""The OpenAPI document and the page that shows it; the page loads nothing from anywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from jinja2 import Environment, PackageLoader
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from sleepcot_utils.serve.schemas import ProblemAnswer
from sleepcot_utils.serve.tables import EXPORT

REFERENCE = "#/components/schemas/{model}"
#: Statuses that any function may give beside success.
PROBLEMS = {
    400: "The body can't be read, or what it holds can't be true",
    401: "The key is missing or wrong",
    408: "The body came too slowly",
    413: "The body is too large",
    415: "The body is of a kind that is not read here",
    422: "The body asks for what there is not",
    429: "Too many requests, or too many questions wait; Retry-After says when to ask again",
    503: "There is no student now; Retry-After says when to ask again",
    504: "No answer within the time limit",
}


def problems() -> dict[int | str, dict[str, Any]]:
    """Answers of every function beside success, for FastAPI."""
    return {status: {"model": ProblemAnswer, "description": about} for status, about in PROBLEMS.items()}


def documented(body: type[BaseModel], *, upload: bool = False) -> dict[str, Any]:
    """The body of a function that reads it itself, for FastAPI's ``openapi_extra``.

    Parameters
    ----------
    upload : bool
        Whether it takes a form with an export as well.
    """
    name = REFERENCE.format(model=body.__name__)
    content: dict[str, Any] = {"application/json": {"schema": {"$ref": name}}}
    if upload:
        file = {"type": "string", "format": "binary", "description": "a file or zip archive of a wearable's export"}
        options = {
            field: {"type": "string", "description": "as in the JSON body"}
            for field in body.model_fields
            if field != "nights"
        }
        form = {"type": "object", "required": [EXPORT], "properties": {EXPORT: file} | options}
        content["multipart/form-data"] = {"schema": form}
    return {"requestBody": {"required": True, "content": content}}


def add_bodies(app: FastAPI, bodies: Sequence[type[BaseModel]]) -> None:
    """Put the schemas of bodies that functions read themselves into the OpenAPI document of an app."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            _, extra = models_json_schema([(body, "validation") for body in bodies], ref_template=REFERENCE)
            schema["components"]["schemas"] |= extra["$defs"]
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def page(schema: dict[str, Any]) -> str:
    """The OpenAPI document as one page of HTML, without scripts."""
    environment = Environment(loader=PackageLoader("sleepcot_utils.serve", "."), autoescape=True)
    return environment.get_template("documents.html").render(schema=schema)
