"""The text that other tools read: prompt and settings as AUTOMATIC1111's web UI writes them into its PNGs.

The prompt; "Negative prompt: …" on a new line; last a line of "Name: value" with commas between. A value
that holds a comma, a colon or a new line is written as a JSON string
(github.com/AUTOMATIC1111/stable-diffusion-webui, modules/infotext_utils.py). The prompts are written as they
are, so that the layout cannot tell a prompt's own line "Negative prompt:" from the mark: our JSON can.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from helpers.homework.origin import VERSION, Origin

__all__ = ["Public", "parse", "write"]

NEGATIVE = "Negative prompt:"
SAMPLERS = {  # what they are called over there
    "ddim": {"Sampler": "DDIM"},
    "dpm++": {"Sampler": "DPM++ 2M", "Schedule type": "Karras"},
    "euler-a": {"Sampler": "Euler a"},
}
# A name's length is bounded, else a hostile line would take minutes.
SETTING = re.compile(r'(\w[\w \-/]{1,60}):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
ENOUGH = 3  # settings in a line, below which it belongs to the prompt


@dataclass(frozen=True)
class Public:
    """What the public text of a picture says, ours or another tool's."""

    prompt: str
    negative_prompt: str | None = None
    settings: dict[str, str] = field(default_factory=dict)


def write(origin: Origin) -> str:
    """The public text of an origin."""
    settings = {
        "Steps": origin.steps,
        **SAMPLERS[origin.sampler],
        "CFG scale": str(origin.guidance).removesuffix(".0"),
        "Seed": origin.seed,
        "Size": f"{origin.width}x{origin.height}",
        "Model hash": origin.model_hash[:10],
        "Model": origin.model,
        "Version": f"generative-course {VERSION}",
    }
    lines = [origin.prompt]
    if origin.negative_prompt:
        lines.append(f"{NEGATIVE} {origin.negative_prompt}")
    lines.append(", ".join(f"{name}: {_quoted(str(value))}" for name, value in settings.items()))
    return "\n".join(lines)


def parse(text: str) -> Public:
    """What a public text says; whatever is not understood belongs to the prompt."""
    lines = text.strip().split("\n")
    found = SETTING.findall(lines[-1])
    if len(found) >= ENOUGH:
        lines.pop()
    else:
        found = []
    prompt, negative = [], None
    for line in (line.strip() for line in lines):
        if negative is None and line.startswith(NEGATIVE):
            negative = [line.removeprefix(NEGATIVE).strip()]
        else:
            (prompt if negative is None else negative).append(line)
    opposite = "\n".join(negative) if negative else None
    return Public("\n".join(prompt), opposite, {name: _unquoted(value.strip()) for name, value in found})


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if re.search("[,:\n]", value) else value


def _unquoted(value: str) -> str:
    try:
        said = json.loads(value) if value.startswith('"') else value
    except ValueError:
        return value
    return said if isinstance(said, str) else value
