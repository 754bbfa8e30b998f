"""The contact sheet: one page that opens from disk, with thumbnails beside it; all text of others escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from helpers.grading import checks, rubric
from helpers.grading.limits import plain
from helpers.grading.run import THUMBNAILS
from helpers.grading.summary import BINS
from helpers.homework import find_sign

__all__ = ["page"]

MARKS = {checks.FULL: "✓", checks.PART: "◐", checks.NONE: "✗", checks.OPEN: "–"}
SPOKEN = {checks.FULL: "all points", checks.PART: "some points", checks.NONE: "no points"}
SPOKEN[checks.OPEN] = "not looked at"
BADGES = {"broken": "⚠ broken", "flagged": "⚑ flagged", "unverified": "⚠ origin not verified"}
WIDTH, HEIGHT, FOOT = 600, 140, 36  # of the drawing of the spread

Record = dict[str, Any]


def page(
    records: Sequence[Record],
    found: Mapping[str, Any],
    points: Mapping[str, float],
    given: Mapping[str, float],
) -> bytes:
    """`index.html`, from the records, the summary's numbers, the rubric and the points for quality."""
    css, script = (_part(name) for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; img-src 'self' file:; style-src '{_hash(css)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    most = points[rubric.QUALITY]
    save = '<button id="save" type="button">Save quality.csv</button>' if most else ""
    notes = "".join(f"<li>{_e(note)}</li>" for note in found["notes"])
    html = Template(_part("page.html")).substitute(
        policy=policy,
        css=css,
        script=script,
        count=len(records),
        most=f"{found['most']:g}",
        half=f"{found['most'] / 2:g}",
        spread=_spread(found),
        notes=f"<details open><summary>Notes</summary><ul>{notes}</ul></details>" if notes else "",
        save=save,
        cards="\n".join(_card(record, most, given.get(record["key"])) for record in records),
    )
    return html.encode("utf-8", "replace")


def _card(record: Record, most: float, given: float | None) -> str:
    kinds = [kind for kind in BADGES if record[{"flagged": "flags"}.get(kind, kind)]]
    badges = "".join(f'<span class="badge {kind}">{BADGES[kind]}</span>' for kind in kinds)
    said = [*record["faults"], *record["complaints"], *record["flags"], *record["notes"]]
    sign = find_sign(record["sign"]) if record["sign"] else None
    owner = _e(f"{record['name']} {record['id']}".strip())
    title = f"{sign.glyph}\ufe0e {sign.english}" if sign else "no sign"
    value = "" if given is None else f"{given:g}"
    quality = (
        f'<label>Quality, of {most:g} <input type="number" min="0" max="{most:g}" step="any" '
        f'data-key="{_e(record["key"])}" value="{value}"></label>'
    )
    return f"""<article class="card" tabindex="-1" data-name="{owner}"
 data-points="{record["points"]:g}" data-kinds="{" ".join(kinds)}" aria-label="{_e(record["name"])}">
<header><h2>{_e(record["name"])}</h2><span class="id">{_e(record["id"])}</span><span>{_e(title)}</span>
{badges}<span class="points">{record["points"]:g} of {record["most"]:g}</span></header>
<div><div class="pictures">{"".join(_figure(one, record) for one in record["pictures"])}</div>
<p class="words">{_e(record["words"]) or "No description."}</p></div>
<div><ul class="said">{"".join(f"<li>{_e(one)}</li>" for one in said)}</ul>
{_checks(record["checks"], record["rendered"])}
{quality if most else ""}</div>
</article>"""


def _figure(picture: Record, record: Record) -> str:
    name = plain(picture["file"])
    if "thumbnail" not in picture:
        lost = f'<p class="lost">⚠ {_e(picture["fault"])}</p>'
        return f"<figure>{lost}<figcaption>{_e(name)}</figcaption></figure>"
    prompt = picture["prompt"] or ""
    alt = f"{name} of {record['name']}" + (f", painted from: {plain(prompt, 200)}" if prompt else "")
    facts = [f"{picture['width']}×{picture['height']}"]
    if "seed" in picture:
        facts += [f"seed {picture['seed']}", f"{picture['steps']} steps", f"{picture['model']}"]
    negative = f"\nnot: {picture['negative_prompt']}" if picture.get("negative_prompt") else ""
    chosen = " ★ chosen" if picture["chosen"] else ""
    return (
        f"<figure{' class=chosen' if chosen else ''}>"
        f'<img loading="lazy" src="{THUMBNAILS}/{_e(picture["thumbnail"])}" alt="{_e(alt)}">'
        f'<figcaption><span class="prompt">{_e(prompt + negative) or "no prompt"}</span>\n'
        f"{_e(name)}{chosen}\n{_e(' · '.join(facts))}</figcaption></figure>"
    )


def _checks(found: Sequence[Record], rendered: bool) -> str:
    """Those that cost points, or would have been looked at and were not, and the others folded."""
    told = [
        check["points"] < check["most"] or (rendered and check["state"] == checks.OPEN) for check in found
    ]
    first, rest = (
        [_check(check) for check, now in zip(found, told, strict=True) if now == kind] for kind in (1, 0)
    )
    return (
        f'<ul class="checks">{"".join(first)}</ul><details><summary>{len(rest)} checks cost nothing</summary>'
        f'<ul class="checks">{"".join(rest)}</ul></details>'
    )


def _check(check: Record) -> str:
    state = check["state"]
    mark = f'<span class="mark" role="img" aria-label="{SPOKEN[state]}">{MARKS[state]}</span>'
    return (
        f'<li class="{state}">{mark}'
        f'<span class="got">{check["points"]:g}/{check["most"]:g}</span>'
        f"<span><strong>{_e(check['label'])}</strong>: {_e(check['sentence'])}</span></li>"
    )


def _spread(found: Mapping[str, Any]) -> str:
    """The points' histogram, with the same in words."""
    counts = found["histogram"]
    top, wide = max(counts) or 1, WIDTH / BINS
    bars, words = [], []
    for number, count in enumerate(counts):
        low, high = (found["most"] * end / BINS for end in (number, number + 1))
        tall = (HEIGHT - FOOT - 16) * count / top
        left, base = number * wide, HEIGHT - FOOT
        bars.append(
            f'<rect x="{left + 2:.1f}" y="{base - tall:.1f}" width="{wide - 4:.1f}" height="{tall:.1f}"/>'
            + _label(left + wide / 2, base - tall - 3, str(count or ""))
            + _label(left + wide / 2, base + 16, f"{low:g} to {high:g}")
        )
        words += [f"{count} from {low:g} to {high:g}"] if count else []
    said = f"Points of {found['most']:g}: mean {found['mean']:g}, median {found['quarters'][1]:g}"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}; {", ".join(words)}.">'
        f"{''.join(bars)}{_label(WIDTH / 2, HEIGHT - 4, said)}</svg>"
    )


def _label(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{text}</text>'


def _part(name: str) -> str:
    return (files("helpers.grading") / name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _e(text: object) -> str:
    return escape(str(text).replace("\0", "\ufffd"), quote=True)
