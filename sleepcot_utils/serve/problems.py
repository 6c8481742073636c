"""Every failure as one kind of answer: a status, a name for programs, a sentence for people, the id of the request."""

from __future__ import annotations

from starlette.responses import JSONResponse
from starlette.types import Scope

from sleepcot_utils.errors import InputError, ParameterError, StudyError
from sleepcot_utils.serve.questions import Refused
from sleepcot_utils.serve.schemas import Problem, ProblemAnswer


def problem_response(problem: Refused, scope: Scope) -> JSONResponse:
    """The answer to a request that is refused."""
    state = scope.setdefault("state", {})
    state["code"] = problem.code
    body = ProblemAnswer(
        error=Problem(
            code=problem.code,
            message=problem.problem,
            where=problem.where,
            expected=problem.expected,
            request_id=state.get("request_id", ""),
        )
    )
    headers = {"Retry-After": str(problem.retry_after_s)} if problem.retry_after_s else {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body.model_dump(), status_code=problem.status, headers=headers)


def as_refused(problem: StudyError) -> Refused:
    """An error of the study as a refusal: bad input is the caller's, all else is the server's."""
    if isinstance(problem, Refused):
        return problem
    if isinstance(problem, InputError | ParameterError):
        code = "bad_input" if isinstance(problem, InputError) else "bad_parameter"
        return Refused(400, code, problem.problem, where=problem.where, expected=problem.expected)
    return Refused(500, "failed", "the server failed; its log says where")
