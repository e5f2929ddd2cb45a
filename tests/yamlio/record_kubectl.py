"""Asks the real kubectl what texts mean and writes the answers to kubectl.json. Run it by hand to renew them."""

from __future__ import annotations

import json
import subprocess
import textwrap
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).with_name("kubectl.json")
INT64 = 1 << 63


def number(text: str) -> int | float:
    """A whole JSON number as the API machinery holds it: int64, else float64."""
    value = int(text)
    return value if -INT64 <= value < INT64 else float(text)


def ask(texts: list[str]) -> list[Any]:
    """What kubectl makes of each text as the value of a field; the text must be valid."""
    documents = "---\n".join(
        f"apiVersion: x/v1\nkind: X\nmetadata:\n  name: x{i}\nvalue:\n{textwrap.indent(text, '  ')}\n"
        for i, text in enumerate(texts)
    )
    command = ["kubectl", "label", "--local", "-f", "-", "-o", "json", "x=y"]
    answer = subprocess.run(command, input=documents.encode(), capture_output=True, check=True).stdout.decode()
    decoder = json.JSONDecoder(parse_int=number)
    found, offset = [], 0
    while offset < len(answer.rstrip()):
        body, offset = decoder.raw_decode(answer, offset)
        offset += len(answer[offset:]) - len(answer[offset:].lstrip())
        found.append(body["value"])
    return found


def refuses(text: str) -> bool:
    """Whether kubectl refuses the text as the value of a field."""
    try:
        ask([text])
    except subprocess.CalledProcessError:
        return True
    return False


if __name__ == "__main__":
    old = json.loads(GOLDEN.read_text())
    texts = [*old["accepted"], *old["refused"]]
    refused = [text for text in texts if refuses(text)]
    accepted = [text for text in texts if text not in refused]
    values = dict(zip(accepted, ask(accepted), strict=True))
    GOLDEN.write_text(json.dumps({"accepted": values, "refused": refused}, indent=1, ensure_ascii=False) + "\n")
