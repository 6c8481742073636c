"""The HTTP interface: routes, and what stands around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from sleepcot_utils import __version__
from sleepcot_utils.errors import StudyError
from sleepcot_utils.serve.chat import Conversation
from sleepcot_utils.serve.coach import Coach
from sleepcot_utils.serve.documents import add_bodies, documented, page, problems
from sleepcot_utils.serve.gate import Gate
from sleepcot_utils.serve.observing import Observing, WorkerMetrics, log
from sleepcot_utils.serve.problems import as_refused, problem_response
from sleepcot_utils.serve.questions import Refused
from sleepcot_utils.serve.schemas import (
    AdviceAnswer,
    AdviceRequest,
    ChatRequest,
    FollowUpRequest,
    KnowledgeAnswer,
    KnowledgeRequest,
    NightsRequest,
    ReportAnswer,
)
from sleepcot_utils.serve.settings import LOOPBACK, Settings
from sleepcot_utils.serve.tables import body_of
from sleepcot_utils.serve.waiting import CLIENT_LEFT, ClientLeft
from sleepcot_utils.serve.worker import Worker

DESCRIPTION = (
    "Reports of sleep from wearable nights, and a small student's advice on them. Not medical advice: the student was "
    "trained on simulated people. Nothing of a request is kept."
)
#: Answers are a person's own; no cache between here and there may keep them, and no page may run scripts on them.
PRIVATE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}


def create_app(worker: Worker, settings: Settings, *, model: str = "student") -> FastAPI:
    """The application.

    Parameters
    ----------
    worker : Worker
        Started by the caller, who hears then what is wrong with a student; ended here, after the last request.
    model : str
        Name of the student, as the chat interface states it.
    """
    registry = CollectorRegistry()
    registry.register(WorkerMetrics(worker))
    coach = Coach(worker, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(coach.prepare)
        log("started", requests_per_minute=settings.requests_per_minute, max_queue=settings.max_queue)
        yield
        await asyncio.to_thread(worker.stop)
        log("stopped", answers=worker.counts.answers)

    app = FastAPI(
        title="SleepCoT",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own pages load scripts from a content network
        redoc_url=None,
    )
    _add_service_routes(app, worker, registry)
    _add_functions(app, coach, model)
    add_bodies(app, [NightsRequest, AdviceRequest, FollowUpRequest, KnowledgeRequest, ChatRequest])
    _add_handlers(app)
    paths = frozenset(route.path for route in app.routes if hasattr(route, "path"))
    app.add_middleware(Gate, settings=settings)
    if settings.is_local:
        # A page of a stranger could otherwise reach this server through a name of its own that points to loopback.
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, "[::1]"])
    app.add_middleware(Observing, registry=registry, paths=paths)
    return app


def _add_service_routes(app: FastAPI, worker: Worker, registry: CollectorRegistry) -> None:
    @app.get("/health", summary="Whether the process is alive")
    async def health() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/ready", summary="Whether the student takes questions", responses={503: {"description": "It does not"}})
    async def ready() -> JSONResponse:
        if worker.is_ready:
            return JSONResponse({"status": "ready", "waiting": worker.waiting})
        reason = worker.state or "the server is ending"
        return JSONResponse({"status": "not ready", "reason": reason}, 503, headers={"Retry-After": "5"})

    @app.get("/metrics", summary="Counts for Prometheus", response_class=PlainTextResponse)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(page(app.openapi()), headers=PRIVATE)


def _add_functions(app: FastAPI, coach: Coach, model: str) -> None:
    common: dict[str, Any] = {"responses": problems()}

    @app.post("/v1/report", openapi_extra=documented(NightsRequest, upload=True), **common)
    async def report(request: Request, response: Response) -> ReportAnswer:
        """Report of each person of a nightly table, given as rows or as an export."""
        response.headers.update(PRIVATE)
        body, upload = await body_of(request, NightsRequest)
        try:
            return await coach.report(body, upload)
        finally:
            await _close(upload)

    @app.post("/v1/advice", openapi_extra=documented(AdviceRequest, upload=True), **common)
    async def advice(request: Request, response: Response) -> AdviceAnswer:
        """The student's recommendation to each person, checked by rules and marked number by number."""
        response.headers.update(PRIVATE)
        body, upload = await body_of(request, AdviceRequest)
        try:
            return await coach.advice(body, upload, request.is_disconnected)
        finally:
            await _close(upload)

    @app.post("/v1/follow-up", openapi_extra=documented(FollowUpRequest, upload=True), **common)
    async def follow_up(request: Request, response: Response) -> AdviceAnswer:
        """The student's answer to a question about each person's report, checked and marked."""
        response.headers.update(PRIVATE)
        body, upload = await body_of(request, FollowUpRequest)
        try:
            return await coach.follow_up(body, upload, request.is_disconnected)
        finally:
            await _close(upload)

    @app.post("/v1/knowledge", openapi_extra=documented(KnowledgeRequest), **common)
    async def knowledge(request: Request, response: Response) -> KnowledgeAnswer:
        """The student's answer to a question about sleep in general, held against a cited card where there is one."""
        response.headers.update(PRIVATE)
        body, _ = await body_of(request, KnowledgeRequest)
        return await coach.knowledge(body, request.is_disconnected)

    @app.post(
        "/v1/chat/completions", openapi_extra=documented(ChatRequest), response_model=None,
        responses={200: {"content": {"text/event-stream": {}}}, **problems()},
    )  # fmt: skip
    async def chat(request: Request) -> Response:
        """OpenAI's chat interface over the same student; the field `sleepcot` of an answer holds marks and red flags."""
        body, _ = await body_of(request, ChatRequest)
        conversation = Conversation(coach, body, model)
        if body.stream:
            return StreamingResponse(await conversation.stream(), media_type="text/event-stream", headers=PRIVATE)
        return JSONResponse(await conversation.whole(request.is_disconnected), headers=PRIVATE)

    @app.get("/v1/models", summary="The one student of this server, in OpenAI's form")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": model, "object": "model", "owned_by": "sleepcot"}]}


def _add_handlers(app: FastAPI) -> None:
    @app.exception_handler(StudyError)
    async def refused(request: Request, problem: StudyError) -> JSONResponse:
        return problem_response(as_refused(problem), request.scope)

    @app.exception_handler(ClientLeft)
    async def left(request: Request, problem: ClientLeft) -> Response:
        request.scope.setdefault("state", {})["code"] = "client_left"
        return Response(status_code=CLIENT_LEFT)

    @app.exception_handler(HTTPException)
    async def other(request: Request, problem: HTTPException) -> JSONResponse:
        code = {404: "no_such_path", 405: "wrong_method"}.get(problem.status_code, "bad_body")
        answer = problem_response(Refused(problem.status_code, code, str(problem.detail)), request.scope)
        answer.headers.update(problem.headers or {})
        return answer


async def _close(upload: Any) -> None:
    if upload is not None:
        await upload.close()
