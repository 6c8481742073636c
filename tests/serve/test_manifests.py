"""The manifests parse and say what the server does; they have been run on no cluster."""

from __future__ import annotations

import re

import pytest
import yaml

from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.serve.gate import OPEN_PATHS
from sleepcot_utils.serve.settings import KEY_VARIABLE, Settings

DEPLOY = PROJECT_ROOT / "deploy"


def documents(name: str) -> list[dict]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


def test_manifest_agrees_with_the_server() -> None:
    kinds = {one["kind"]: one for one in documents("kubernetes.yaml")}
    pod = kinds["Deployment"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert pod["spec"]["terminationGracePeriodSeconds"] > Settings().shutdown_s
    assert [entry["name"] for entry in container["env"]] == [KEY_VARIABLE]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] in OPEN_PATHS, "a probe has no key"
    ports = {container[probe]["httpGet"]["port"] for probe in ("readinessProbe", "livenessProbe")}
    ports |= {kinds["Service"]["spec"]["ports"][0]["targetPort"], container["ports"][0]["containerPort"]}
    assert ports == {Settings().port}
    labels = pod["metadata"]["labels"]
    assert kinds["Service"]["spec"]["selector"] == labels
    assert kinds["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert kinds["NetworkPolicy"]["spec"]["egress"] == []
    room = int(re.fullmatch(r"(\d+)Mi", pod["spec"]["volumes"][0]["emptyDir"]["sizeLimit"])[1]) * 2**20
    assert room >= 2 * Settings().max_upload_bytes * Settings().reading_at_once, "an upload and its copy, for each"


@pytest.mark.parametrize("name", ["Dockerfile", "kubernetes.yaml", "vllm.yaml"])
def test_files_say_that_they_were_not_run(name) -> None:
    assert "not run" in (DEPLOY / name).read_text(encoding="utf-8").splitlines()[0]


def test_container_starts_the_server_as_no_root() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert '"-m", "sleepcot_utils.serve"' in text and f'"{Settings().port}"' in text
    assert re.search(r"^USER 10001$", text, re.MULTILINE) and not re.search(r"^ENV .*KEY", text, re.MULTILINE)
    for copied in re.findall(r"^COPY ([\w. ]+) \S+$", text, re.MULTILINE):
        for source in copied.split():
            assert (PROJECT_ROOT / source).exists() or source.startswith("deploy")
