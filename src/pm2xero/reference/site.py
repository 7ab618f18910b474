"""The documentation as pages of a browser, from the Markdown that the product brings along."""

from __future__ import annotations

import re
from html import escape
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from pm2xero.resources import root

INDEX = "index.md"
_STYLE = """
body { font: 16px/1.55 system-ui, sans-serif; margin: 0; color: #1c2733; background: #fff }
nav { position: fixed; top: 0; bottom: 0; width: 14rem; overflow: auto; padding: 1rem;
  background: #f4f6f8; font-size: .9rem }
nav a { display: block; padding: .15rem 0; color: #234; text-decoration: none }
main { margin-left: 17rem; max-width: 56rem; padding: 1rem 2rem 4rem }
code, pre { font: .875rem/1.5 ui-monospace, monospace; background: #f4f6f8 }
pre { padding: .75rem; overflow: auto } code { padding: .1rem .2rem }
table { border-collapse: collapse; display: block; overflow: auto }
td, th { border: 1px solid #d5dbe1; padding: .3rem .6rem; text-align: left; vertical-align: top }
h2 { border-top: 1px solid #d5dbe1; padding-top: 1rem }
@media (max-width: 50rem) { nav { position: static; width: auto } main { margin: 0 } }
"""


def files() -> dict[str, Path]:
    """Every page by its path below `docs/`, the index first."""
    folder = root() / "docs"
    found = {f.relative_to(folder).as_posix(): f for f in sorted(folder.rglob("*.md"))}
    return {name: found[name] for name in sorted(found, key=lambda n: (n != INDEX, "/" in n, n))}


def title(text: str) -> str:
    """The title of a page: its first heading."""
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found.group(1) if found else "pm2xero"


def html(name: str, known: dict[str, Path]) -> str:
    """One page with the list of all."""
    text = known[name].read_text(encoding="utf-8")
    links = "".join(
        f'<a href="/{escape(n)}">{escape(title(f.read_text(encoding="utf-8")))}</a>'
        for n, f in known.items()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title(text))}</title><style>{_STYLE}</style>"
        f"<nav>{links}</nav><main>{body(text)}</main></html>"
    )


def body(text: str) -> str:
    """Markdown as HTML; headings can be linked to, HTML within it is shown as text."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    used: dict[str, int] = {}
    for token, inner in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _anchor(inner, used))
    rendered: str = parser.renderer.render(tokens, parser.options, {})
    return rendered


def anchor(heading: str) -> str:
    """The name of a heading in links, as the hosts of code make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _anchor(inner: Token, used: dict[str, int]) -> str:
    name = anchor("".join(c.content for c in inner.children or ()))
    count = used.get(name, 0)
    used[name] = count + 1
    return f"{name}-{count}" if count else name


def app() -> Starlette:
    """Serves the pages to a browser on this machine."""
    known = files()

    async def page(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in known:
            return RedirectResponse(f"/{INDEX}")
        return HTMLResponse(html(name, known))

    return Starlette(routes=[Route("/{name:path}", page)])
