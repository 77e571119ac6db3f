"""How the report looks: its style sheet, light and dark, on screens, phones and paper."""

from canzona.io.roll_layout import PHRASE_COLORS

_LIGHT_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b58900", "#56b4e9")
_DARK_COLORS = ("#4aa8e0", "#f08a3c", "#2fc79a", "#e29ac2", "#e3bb3e", "#93d3f7")
"""Six colours that eyes of all kinds tell apart (after Okabe and Ito), darker or lighter to stand out from the page."""

_LIGHT = "--text:#1d2129;--quiet:#69707d;--page:#fff;--panel:#f6f7f9;--line:#d9dce2;--far:213,94,0;--near:0,114,178;"
_DARK = "--text:#e7e9ee;--quiet:#9aa2af;--page:#14161b;--panel:#1d2027;--line:#353a45;--far:240,138,60;--near:74,168,224;"

_RULES = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:1.5rem clamp(.8rem,3vw,2.5rem) 4rem;max-width:1440px;background:var(--page);color:var(--text);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
h1{font-size:1.9rem;line-height:1.2;margin:.2rem 0 .4rem}
h2{font-size:1.3rem;margin:2.8rem 0 .3rem;padding-top:.7rem;border-top:2px solid var(--line)}
h3{font-size:1.05rem;margin:1.6rem 0 .3rem}
p,ul{max-width:78ch;margin:.4rem 0}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.9rem 0}
a{color:rgb(var(--near))}
small{color:var(--quiet);font-size:.82em}
.caption{color:var(--quiet)}
.key{display:inline-flex;align-items:baseline;gap:.35em;overflow-wrap:anywhere}
.key svg{flex:none}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;max-width:none}
.scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}
table{border-collapse:separate;border-spacing:0;font-variant-numeric:tabular-nums;margin:.8rem 0}
th,td{padding:.28rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
thead th{border-bottom:2px solid var(--text);vertical-align:bottom}
.metrics th:first-child{position:sticky;left:0;z-index:1;background:var(--page);min-width:min(13.5rem,42vw);max-width:19rem;
font-weight:600;overflow-wrap:anywhere}
.metrics th small,.metrics td small{display:block;font-weight:400;line-height:1.3}
.metrics td{white-space:nowrap}
.metrics td{min-width:8.6rem}.metrics td.published{min-width:9rem}
.metrics td.published small{white-space:normal}.metrics td.compared small{display:inline;white-space:nowrap}
.metrics td i{margin-left:.6em;font-style:normal;font-size:.85em}.metrics td small i{font-size:1em}
.metrics thead th{max-width:9.5rem}
.metrics .published{border-left:1px dotted var(--line)}
tr.group th{padding-top:1.1rem;border-bottom:1px solid var(--quiet)}
.metrics tr.group th{max-width:none;font-size:1.02rem}
.metrics tr.group span{position:sticky;left:.6rem}
.summary tr>*{background:var(--panel)!important}
.none{color:var(--quiet)}
.d0{background:rgba(var(--near),.13)}.d1{background:rgba(var(--far),.09)}.d2{background:rgba(var(--far),.2)}
.d3{background:rgba(var(--far),.34)}.d4{background:rgba(var(--far),.5)}
.d1 small,.d2 small,.d3 small,.d4 small,.d0 small{color:inherit;opacity:.78}
.swatch{display:inline-block;padding:0 .5em;border-radius:3px;margin:0 .15em;color:var(--text)}
.amount{background:linear-gradient(90deg,rgba(var(--far),.3) var(--share),transparent 0)}
figure{margin:0;break-inside:avoid}
figcaption{margin:.2rem 0 .25rem;line-height:1.35}
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(320px,100%),1fr));gap:1.3rem 1.6rem;margin:1rem 0}
.panels.wider{grid-template-columns:repeat(auto-fill,minmax(min(430px,100%),1fr))}
.panels.small{grid-template-columns:repeat(auto-fill,minmax(min(195px,45%),1fr))}
figure.roll{margin:0 0 1.2rem;padding:.5rem .8rem .2rem;background:var(--panel);border-radius:6px}
details>summary{cursor:pointer;margin:.6rem 0}
svg{display:block;width:100%;height:auto;overflow:visible}
.key svg{width:12px;height:12px}
svg.wide{min-width:760px}
svg text{font-size:10px;fill:var(--text);font-family:inherit}
svg .tick{fill:var(--quiet);font-size:9px}
svg .heading{font-weight:700;font-size:11px}
svg .middle{text-anchor:middle}svg .end{text-anchor:end}
svg .phrase{font-size:11px;font-weight:700;fill:#fff}
svg .chord{font-size:10.5px}
svg .tiny{font-size:7.5px;font-weight:700}
.grid{stroke:var(--line);stroke-width:.7}.floor{fill:var(--line)}
.band{fill:var(--text);opacity:.08}.outlined{stroke:var(--text);stroke-width:3}
.human{stroke:var(--text);stroke-width:1;opacity:.6}
.mark{fill:var(--ink);stroke:var(--page);stroke-width:.7}
.point{opacity:.6}.point:hover{opacity:1;stroke:var(--text)}
.mean{stroke:var(--page);stroke-width:1.6;paint-order:stroke}
.large{stroke:var(--text);stroke-width:2.4}
.dots{fill:none;stroke:var(--ink);stroke-width:4;stroke-linecap:round;opacity:.42}
.bars{fill:var(--ink);opacity:.62}.outline{fill:none;stroke:var(--text);stroke-width:1}
.boundary{stroke:#fff;stroke-width:.8;opacity:.75}
image{image-rendering:pixelated}
.notes{fill:none;stroke:var(--phrase)}
.tint{fill:var(--phrase);opacity:.1}.solid,.ribbon{fill:var(--phrase)}.ribbon{opacity:.45}.shown{fill:var(--text)}
.barline{stroke:var(--page);stroke-width:1}.chordtick{stroke:var(--quiet);stroke-width:.8}
.s0{--ink:var(--text)}
@media print{body{max-width:none;padding:0;font-size:9.5px}.scroll{overflow:visible}nav{display:none}
h2,h3,.caption,.legend,tr.group{break-after:avoid}.caption{break-inside:avoid}.metrics{width:100%;font-size:8px}
.metrics th:first-child{position:static;min-width:11em;overflow-wrap:normal}
.metrics td{min-width:0;white-space:normal}
th,td{padding:.15rem .3rem}svg.wide{min-width:0}tr{break-inside:avoid}
details::details-content{content-visibility:visible;height:auto}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
@page{size:A4 landscape;margin:12mm}
"""


def style_sheet() -> str:
    """The whole style sheet; dark where the reader's system is, never on paper."""
    inks = {f"p{phrase_type.value}": ink for phrase_type, ink in PHRASE_COLORS.items()}
    light = "".join(f".{name}{{--phrase:{ink}}}" for name, ink in inks.items())
    light += "".join(f".s{number}{{--ink:{color}}}" for number, color in enumerate(_LIGHT_COLORS, 1))
    dark = "".join(f".{name}{{--phrase:{_lighter(ink)}}}" for name, ink in inks.items())
    dark += "".join(f".s{number}{{--ink:{color}}}" for number, color in enumerate(_DARK_COLORS, 1))
    night = (
        f"@media screen and (prefers-color-scheme:dark){{:root{{color-scheme:dark;{_DARK}}}{dark}svg .phrase{{fill:#14161b}}}}"
    )
    return f":root{{{_LIGHT}}}{light}{_RULES}{night}"


def _lighter(color: str) -> str:
    """A third of the way to white."""
    channels = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + "".join(f"{channel + (255 - channel) // 3:02x}" for channel in channels)
