"""The page on which a user lets an app into an organisation."""

from __future__ import annotations

from collections.abc import Mapping

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Let {{ client }} into an organisation</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 3rem auto; padding: 0 1rem }
fieldset { border: 1px solid #bbb; padding: 1rem }
label { display: block; padding: .25rem 0 }
button { font: inherit; padding: .5rem 1.25rem; margin: 1rem .5rem 0 0 }
</style>
</head>
<body>
<main>
<h1>{{ client }} asks to be let in</h1>
<p>This is the emulated Xero of pm2xero. Nobody signs in here, and no money moves.</p>
<form method="post">
{% for name, value in fields.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}
<fieldset>
<legend>Organisation</legend>
{% for id, name in organisations.items() %}
<label><input type="radio" name="tenant" value="{{ id }}"{{ " checked" if loop.first }}> {{ name }}</label>
{% endfor %}
</fieldset>
<p>It may then use:</p>
<ul>{% for scope in scopes %}<li>{{ scope }}</li>{% endfor %}</ul>
<button name="answer" value="allow">Allow access</button>
<button name="answer" value="cancel">Cancel</button>
</form>
</main>
</body>
</html>
"""  # noqa: E501


def page(client: str, fields: Mapping[str, str], organisations: Mapping[str, str]) -> str:
    """The page as HTML; whatever the app sent is text in it."""
    # Imported here: only whoever serves pages needs it.
    from jinja2 import Environment

    return (
        Environment(autoescape=True)
        .from_string(_PAGE)
        .render(
            client=client,
            fields=fields,
            organisations=organisations,
            scopes=fields.get("scope", "").split(),
        )
    )
