"""Stand-in for the command that executes a notebook: it writes what the notebook declares, without a kernel.

Called by the Snakefile in tests of order and reruns, where the notebooks' own work does not matter. What it writes
depends on the parameters that reach it. A file ``fail`` in the working folder makes students fail whose names hold what
it holds, ``hang`` makes them wait, and a file below ``samples`` is written instead of an artifact of its name.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from sleepcot_utils.study.progress import send
from sleepcot_utils.study.session import open_notebook
from sleepcot_utils.study.stages import artifact_names, execution_name
from sleepcot_utils.study.workflow import end_with_study

WITHOUT_EFFECT = ("arms", "student_seeds", "max_new_tokens")


def main(notebook: str, option: str, text: str) -> int:
    assert option == "--parameters"
    end_with_study()
    session = open_notebook(notebook, json.loads(text))
    name = execution_name(session.stage, session.parameters)
    send("started", name)
    print("noise of a job")
    if notebook.startswith("03") and Path("fail").exists() and Path("fail").read_text() in name:
        send("failed", name, message="a.csv, row 3: this is wrong.", exit_code=2)
        return 2
    while notebook.startswith("03") and Path("hang").exists():
        (session.work_folder / "checkpoint").write_text("step 5")
        time.sleep(0.1)
    values = {key: value for key, value in session.parameters.model_dump().items() if key not in WITHOUT_EFFECT}
    for artifact in artifact_names(session.stage.writes, session.parameters):
        if artifact.endswith("/"):
            (session.output(artifact) / "made.txt").write_text(f"{values}\n")
        elif (sample := Path("samples", Path(artifact).name)).exists():
            session.output(artifact).write_bytes(sample.read_bytes())
        else:
            session.output(artifact).write_text(f"artifact,value\n{artifact},{len(values)}\n{values}\n")
    session.finish({"values": len(values)})
    send("done", name)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
