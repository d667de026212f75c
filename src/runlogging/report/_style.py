"""The look of the report: one column for paper, light and dark for the screen. No script, no file, no request."""

from __future__ import annotations

from runlogging.drawing import dark_rules

CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

_LIGHT = (
    "--ground:#fff;--raised:#f5f6f8;--line:#d5d9e0;--text:#1b1f27;--faint:#586070;--link:#0b57b8;"
    "--good:#17713a;--bad:#b3261e;--warn:#8a5a00;--lost:#7b3fa0"
)
_DARK = (
    "--ground:#14171c;--raised:#1d2128;--line:#39404c;--text:#e4e7ec;--faint:#a2abb8;--link:#82b5ff;"
    "--good:#6cd394;--bad:#ff938a;--warn:#f0bd55;--lost:#d0a2f0"
)
_RULES = """
*{box-sizing:border-box}
html{font:14px/1.45 system-ui,"Segoe UI","Noto Sans","Noto Sans CJK JP",sans-serif;
color:var(--text);background:var(--ground);-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:1240px;padding:20px 24px 48px}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:32px 0 8px;padding-bottom:4px;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:18px 0 6px;overflow-wrap:anywhere}
p{margin:6px 0;max-width:100ch;overflow-wrap:anywhere}
a{color:var(--link)}
.faint{color:var(--faint)}
nav{margin:14px 0;display:flex;flex-wrap:wrap;gap:2px 14px}
.scroll{overflow-x:auto;margin:6px 0}
table{border-collapse:collapse}
th,td{text-align:left;padding:3px 14px 3px 0;vertical-align:top;
border-bottom:1px solid var(--line);overflow-wrap:break-word}
td{max-width:56ch;min-width:5ch}
th{font-weight:600;color:var(--faint);white-space:nowrap}
.facts td{max-width:90ch;overflow-wrap:anywhere}
.one{white-space:nowrap}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
pre{font:12px/1.5 ui-monospace,"DejaVu Sans Mono","Noto Sans Mono CJK JP",monospace;background:var(--raised);
border:1px solid var(--line);border-radius:6px;padding:8px 10px;margin:6px 0;
white-space:pre-wrap;overflow-wrap:anywhere}
pre.error{border-left:4px solid var(--bad)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,400px),1fr));
gap:14px 24px;align-items:start}
figure{margin:0;min-width:0}
figure svg{display:block;width:100%;max-width:560px;height:auto}
figure img{display:block;max-width:100%;height:auto;max-height:420px;background:#fff;
border:1px solid var(--line)}
figcaption{color:var(--faint);font-size:.93em;overflow-wrap:anywhere}
.values{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,400px),1fr));gap:14px 24px}
.values>div{min-width:0}.values>.wide{grid-column:1/-1}
.images{display:flex;flex-wrap:wrap;gap:14px}
.key{display:inline-block;vertical-align:middle;margin-right:6px}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.lost{color:var(--lost)}
.best{font-weight:700}
.lines b{font-weight:600}
@media (max-width:520px){body{padding:12px 12px 32px}th,td{padding-right:10px}.scroll td{max-width:24ch}}
@page{margin:14mm}
@media print{
html{font-size:11px}body{max-width:none;padding:0}
nav{display:none}
.charts,.images,.values{display:block}
figure{break-inside:avoid;margin:0 0 10px}
figure svg{max-width:150mm}
figure img{max-width:100%;max-height:180mm}
h2,h3{break-after:avoid}
tr{break-inside:avoid}
.scroll{overflow:visible}
table{max-width:100%}
td,th,.n,.one{white-space:normal;overflow-wrap:anywhere;padding-right:8px}
.few th,.few .n,.few .one,.good,.bad,.warn,.lost{overflow-wrap:break-word}
.few .label{display:inline-block;min-width:9ch;overflow-wrap:anywhere}
.facts th{min-width:16ch}
td{min-width:0}
a{color:inherit;text-decoration:none}
}
"""


def style() -> str:
    """Return the rules of the page."""
    dark = f":root{{color-scheme:dark;{_DARK}}}{dark_rules('figure')}{dark_rules('.key')}"
    rules = _RULES.replace("\n", "")
    return f":root{{color-scheme:light;{_LIGHT}}}{rules}@media screen and (prefers-color-scheme:dark){{{dark}}}"
