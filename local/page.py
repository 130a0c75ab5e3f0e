"""The look of the local cloud's own pages."""

import html

STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #666; --link: #0b5fff; }
@media (prefers-color-scheme: dark) { :root { --dim: #aaa; --link: #8ab4ff; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; margin: 0; } a { color: var(--link); overflow-wrap: anywhere; }
:is(a, summary, input, select, textarea, button):focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
article { border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.2rem; margin: 1rem 0; }
.about { color: var(--dim); font-size: .9rem; margin: 0; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: .8rem 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; }
iframe { width: 100%; height: 26rem; border: 1px solid var(--line); border-radius: 6px; background: #fff; }
label { display: block; margin: 1rem 0 .2rem; }
input, select, textarea { box-sizing: border-box; font: inherit; padding: .4rem; width: 100%; }
button { font: inherit; margin: 1rem 0; padding: .4rem 1rem; }
"""


def document(title: str, content: str, *, version: str = "", script: str = "") -> str:
    """Return a whole page. ``content`` is HTML."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f'<body data-version="{html.escape(version)}"><main>{content}</main>'
        f"{f'<script>{script}</script>' if script else ''}</body></html>"
    )
