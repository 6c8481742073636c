"""Ways into notebooks 01 and 04 without an installation, for the address at which this repository is published.

``tools/ways_in.py ADDRESS`` writes the address into CITATION.cff, links to Binder and Colab into both READMEs, and copies
of the two notebooks for Colab into ``notebooks/colab``; without an address it takes that of CITATION.cff, and ``--check``
only compares. As long as CITATION.cff holds no address there are no links: a link to a place that may not exist helps
nobody.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import quote

import nbformat

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")
FIELD = re.compile(r"^repository-code: *(\S+) *$", re.MULTILINE)
START, END = "<!-- ways in -->\n", "<!-- /ways in -->"
COPIES = "notebooks/colab"
#: Notebook, and whether it reads what earlier ones wrote.
NOTEBOOKS = {"01_simulate_wearable_nights": False, "04_compare_student_and_baselines": True}
SENTENCE = {
    "README.md": "Without an installation, in the sizes of a trial: {links}. Free machines, no key; the first start takes "
    "some minutes.",
    "README.zh.md": "无需安装，以试运行的规模打开：{links}。使用免费机器，不需要密钥；首次启动需要几分钟。",
}
INSTALLATION = """\
# Colab only: fetches the study and installs it, some minutes. The kernel then restarts once, which Colab reports;
# go on with the cells below.
!git clone --quiet --depth 1 {address} sleepcot
!grep -v '^torch==' sleepcot/constraints.txt > versions.txt
!python -m pip install --quiet -c versions.txt -e sleepcot
{before}get_ipython().kernel.do_shutdown(restart=True)"""
EARLIER = (
    "!cd sleepcot && python -m sleepcot_utils.study run --profile smoke  # what this notebook reads, in miniature\n"
)


def published(citation: str) -> str | None:
    """Address of the repository in the text of CITATION.cff, or None."""
    found = FIELD.search(citation)
    return found[1] if found else None


def links(address: str) -> str:
    """Links to the notebooks in Binder and Colab, as Markdown.

    Parameters
    ----------
    address : str
        Such as ``https://github.com/OWNER/NAME``.

    Raises
    ------
    ValueError
        If it is no address of a repository on GitHub, which is where both services look.
    """
    match = ADDRESS.fullmatch(address)
    if match is None:
        raise ValueError(f"{address} is no address that Binder and Colab take. Expected: https://github.com/OWNER/NAME")
    place = f"{match[1]}/{match[2]}"
    shown = []
    for name in NOTEBOOKS:
        binder = f"https://mybinder.org/v2/gh/{place}/HEAD?urlpath={quote(f'lab/tree/notebooks/{name}.ipynb', safe='')}"
        colab = f"https://colab.research.google.com/github/{place}/blob/HEAD/{COPIES}/{name}.ipynb"
        shown.append(f"{name[:2]} in [Binder]({binder}) or [Colab]({colab})")
    return ", ".join(shown)


def for_colab(source: Path, address: str) -> str:
    """Text of a notebook that installs the study first.

    Parameters
    ----------
    source : Path
        A source notebook.
    address : str
        Where the study is fetched from.
    """
    notebook = nbformat.read(source, as_version=4)
    cell = nbformat.v4.new_code_cell(
        INSTALLATION.format(address=address, before=EARLIER if NOTEBOOKS[source.stem] else ""), id="colab"
    )
    notebook.cells.insert(1, cell)
    return str(nbformat.writes(notebook)) + "\n"


def wanted(address: str | None, root: Path = ROOT) -> dict[Path, str | None]:
    """What each file has to hold; None where there has to be no file."""
    files: dict[Path, str | None] = {}
    for page, sentence in SENTENCE.items():
        text = (root / page).read_text(encoding="utf-8")
        said = f"{sentence.format(links=links(address))}\n" if address else ""
        if START not in text or END not in text:
            raise ValueError(f"{page} has no place for the ways in. Expected: {START.strip()} and {END}")
        head, _, tail = text.partition(START)
        files[root / page] = f"{head}{START}{said}{END}{tail.partition(END)[2]}"
    for name in NOTEBOOKS:
        copy = root / COPIES / f"{name}.ipynb"
        files[copy] = for_colab(root / "notebooks" / f"{name}.ipynb", address) if address else None
    if address:
        citation = (root / "CITATION.cff").read_text(encoding="utf-8")
        line = f"repository-code: {address}"
        old = FIELD.search(citation)
        files[root / "CITATION.cff"] = (
            FIELD.sub(line, citation)
            if old
            else re.sub(r"^(version: .*\n)", rf"\1{line}\n", citation, flags=re.MULTILINE)
        )
    return files


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Write or compare; returns the exit code: 1 if something is not as it should be, 2 for an address of no use."""
    given = [argument for argument in arguments if argument != "--check"]
    address = given[0] if given else published((root / "CITATION.cff").read_text(encoding="utf-8"))
    try:
        files = wanted(address, root)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    found = {path: path.read_text(encoding="utf-8") if path.exists() else None for path in files}
    different = [path for path, text in files.items() if text != found[path]]
    if "--check" in arguments:
        for path in different:
            print(f"{path.relative_to(root)} is not what tools/ways_in.py makes: run it", file=sys.stderr)
        return 1 if different else 0
    for path in different:
        text = files[path]
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
