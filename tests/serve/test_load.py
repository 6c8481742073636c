"""The load test against a real server, the trials of what should not happen, ten thousand questions at once, and sizes."""

from __future__ import annotations

import asyncio
import math

import httpx
import pandas as pd
import pytest
from matplotlib import pyplot

from sleepcot_utils.distill.student import load_student
from sleepcot_utils.errors import ArtifactError, ParameterError
from sleepcot_utils.figures import new_figure
from sleepcot_utils.figures.serving import draw_load
from sleepcot_utils.serve import load as load_module
from sleepcot_utils.serve.api import create_app
from sleepcot_utils.serve.load import conversation, load_table, overload, served
from sleepcot_utils.serve.settings import Settings
from sleepcot_utils.serve.sizing import size_for
from sleepcot_utils.serve.trials import TRIALS, trials
from sleepcot_utils.serve.worker import Worker

ASKED = [conversation([{"role": "user", "content": text}]) for text in ("How long should I sleep?", "Do naps help?")]
MANY = 10_000
#: What 1 to 8 clients were measured to get, made up: throughput grows, and so does the wait.
LOAD = pd.DataFrame(
    {
        "clients": [1, 2, 4, 8],
        "answers_per_s": [2.0, 3.5, 5.0, 6.0],
        "p50_s": [0.5, 0.6, 0.8, 1.3],
        "p99_s": [0.6, 0.9, 1.9, 4.0],
        "refused": [0, 0, 0, 0],
    }
)


def test_clients_and_server_count_the_same(tiny_folder) -> None:
    with served(tiny_folder, max_new_tokens=6, max_queue=4, batch_size=4) as server:
        load = load_table(server, ASKED, [1, 4], 8)
        crowd = overload(server, ASKED)
        assert server.peak_mib > 50 and server.processor_s > 0
    assert load["answers"].tolist() == load["counted"].tolist() == [8, 8] and (load["refused"] == 0).all()
    assert (load["p50_s"] <= load["p99_s"]).all() and load["mean_batch"].iloc[0] == 1
    # Little's law in a closed loop: no more questions are under way than there are clients.
    assert (load["answers_per_s"] * load["p50_s"]).iloc[0] == pytest.approx(1, rel=0.5)
    assert crowd["clients"] == 24 == crowd["answered"] + crowd["refused"]
    assert crowd["refused"] == crowd["with_retry_after"] >= 24 - 2 * (4 + 4)
    assert crowd["hung"] == crowd["other"] == 0


def test_a_server_that_does_not_start_is_said(tmp_path, tiny_folder, monkeypatch) -> None:
    with pytest.raises(ArtifactError, match="ended by itself"), served(tmp_path, max_new_tokens=4):
        pass
    monkeypatch.setattr(load_module, "START_S", 0.0)
    with pytest.raises(ArtifactError, match="not ready"), served(tiny_folder, max_new_tokens=4):
        pass


def test_every_trial_ends_as_it_should(tiny_folder) -> None:
    student = load_student(str(tiny_folder), device="cpu")
    forward = student.model.forward
    table = trials(student).set_index("trial")
    assert list(table.index) == list(TRIALS)
    assert table["as_meant"].all() and table["goes_on"].all(), table.to_string()
    assert student.model.forward == forward, "the fault is taken out again"
    assert table.loc["student crashes", "code"] == "worker_crashed"
    assert (table.loc[table["status"].isin([429, 503]), "retry_after_s"] > 0).all()
    assert table.loc["body comes too slowly", "seconds"] < 5 and table.loc["client leaves", "seconds"] < 5


def test_ten_thousand_questions_at_once(tiny_student) -> None:
    """All of them are open at the same time; a few are answered, all others are refused with a time to wait."""
    limits = Settings(max_new_tokens=2, max_queue=8, max_open=64, requests_per_minute=1_000_000)
    worker = Worker(lambda: tiny_student, limits)
    worker.start()
    transport = httpx.ASGITransport(create_app(worker, limits))

    async def all_of_them() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            headers = {"content-type": "application/json"}
            posts = (client.post("/v1/chat/completions", content=ASKED[0], headers=headers) for _ in range(MANY))
            heard = await asyncio.gather(*posts)
            assert (await client.post("/v1/chat/completions", content=ASKED[0], headers=headers)).status_code == 200
            return heard

    heard = asyncio.run(all_of_them())
    worker.stop()
    statuses = pd.Series([answer.status_code for answer in heard]).value_counts()
    assert set(statuses.index) == {200, 429} and statuses.sum() == MANY
    assert 1 <= statuses[200] <= limits.max_open
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in heard if answer.status_code == 429)
    codes = {answer.json()["error"]["code"] for answer in heard if answer.status_code == 429}
    assert codes <= {"too_many_at_once", "queue_full"} and "too_many_at_once" in codes


@pytest.mark.parametrize(
    ("longest_s", "busiest_per_s", "clients", "rate", "replicas"),
    [
        (2.0, 12.0, 4, 5.0, 4),  # 12 / 5 = 2.4, so 3, and one to spare
        (5.0, 12.0, 8, 6.0, 3),  # a longer wait lets more clients share one
        (0.7, 2.0, 1, 2.0, 2),  # exactly one, and one to spare
        (0.1, 2.0, 0, 0.0, 0),  # nobody is answered that fast
    ],
)
def test_replicas_by_hand(longest_s, busiest_per_s, clients, rate, replicas) -> None:
    size = size_for(LOAD, longest_s=longest_s, busiest_per_s=busiest_per_s, peak_mib=400.0)
    assert (size.clients, size.answers_per_s, size.replicas) == (clients, rate, replicas)
    assert size.memory_mib == 800.0


def test_refusals_do_not_count_as_capacity() -> None:
    refused = LOAD.assign(refused=[0, 0, 0, 3])
    assert size_for(refused, longest_s=10, busiest_per_s=1, peak_mib=1).answers_per_s == 5.0
    with pytest.raises(ParameterError, match="can't be planned"):
        size_for(LOAD, longest_s=math.nan, busiest_per_s=1, peak_mib=1)


def test_drawn_lines_hold_the_table() -> None:
    fig, axs = new_figure(1, 2)
    draw_load(axs, LOAD, one_by_one=LOAD.iloc[[0, 3]], longest_s=3.0)
    throughput, control = axs[0].get_lines()
    assert throughput.get_ydata().tolist() == LOAD["answers_per_s"].tolist()
    assert control.get_xdata().tolist() == [1, 8]
    slow, median, limit = axs[1].get_lines()
    assert slow.get_ydata().tolist() == LOAD["p99_s"].tolist() and median.get_ydata()[0] == 0.5
    assert set(limit.get_ydata()) == {3.0}
    pyplot.close(fig)
