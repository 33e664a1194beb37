"""A rule's Markdown page, plainly, for a terminal."""

from __future__ import annotations

import re

from shapelint.report.terminal import Style


def render(page: str, color: bool = False) -> str:
    """Headings in bold, code indented, links as their text; everything else stays as it is written."""
    style = Style(color)
    out, fence = [], ""
    for line in page.splitlines():
        mark = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if mark and (not fence or line.strip() == fence):
            fence = "" if fence else mark[1]
            continue
        if fence:
            out.append(f"    {line}".rstrip())
            continue
        heading = re.match(r"(#{1,6})\s+(.*?)\s*#*$", line)
        if heading:
            out.append(style("bold", _plain(heading[2])))
        elif not line.startswith("<!--"):
            out.append(_plain(line))
    return "\n".join(out).strip("\n") + "\n"


def _plain(text: str) -> str:
    text = re.sub(r"!?\[([^\]]*)\]\(([^)\s]+)[^)]*\)", _link, text)
    return re.sub(r"(?<![\w*])\*\*(.+?)\*\*(?![\w*])", r"\1", text)


def _link(found: re.Match[str]) -> str:
    return f"{found[1]} ({found[2]})" if found[2].startswith("http") and found[1] != found[2] else found[1]
