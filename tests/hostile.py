"""Texts that try to run, to call out, to become links or formulas, or to drive a terminal."""

from __future__ import annotations

CANARY = "http://canary.invalid"
"""Stands in the texts for the address that nothing may call; a test that listens puts its own in its place."""

SCRIPTS = """<script>fetch('@/1')</script>
<script src=@/2></script>
</script><script>window.ran=3</script>
<img src=@/4>
<img src=x onerror=fetch('@/5')>
<IMG SRC=x OnErRoR=window.ran=6>
<img src=x onerror="alert(7)">
<svg onload=fetch('@/8')>
<svg><script>window.ran=9</script></svg>
<svg><image href="@/10"/></svg>
<svg><use href="@/11#x"/></svg>
<svg><animate onbegin=window.ran=12 attributeName=x dur=1s>
<iframe src=@/13></iframe>
<iframe srcdoc="<script>parent.ran=14</script>"></iframe>
<object data=@/15></object>
<embed src=@/16>
<video src=@/17 autoplay></video>
<audio src=@/18 autoplay></audio>
<video><source onerror=window.ran=19 src=x></video>
<link rel=stylesheet href=@/20>
<link rel=preconnect href=@/21>
<link rel=dns-prefetch href=@/22>
<meta http-equiv=refresh content="0;url=@/23">
<base href=@/24/>
<form action=@/25><button id=b>go</button></form>
<body onload=window.ran=26>
<input autofocus onfocus=window.ran=27>
<details open ontoggle=window.ran=28>
<marquee onstart=window.ran=29>
<style>@import '@/30';</style>
<style>*{background:url(@/31)}</style>
<div style="background:url(@/32)">x</div>
<a href="javascript:window.ran=33" autofocus>x</a>
<math><mtext><img src=x onerror=window.ran=34></mtext></math>
<noscript><p title="</noscript><img src=x onerror=window.ran=35>">
<template><script>window.ran=36</script></template>
"><script>window.ran=37</script>
'><img src=x onerror=window.ran=38>
`><img src=x onerror=window.ran=39>
--><script>window.ran=40</script>
]]><script>window.ran=41</script>
<!--><script>window.ran=42</script>
<![CDATA[<script>window.ran=43</script>]]>
<?xml-stylesheet href="@/44"?>
<!DOCTYPE x [<!ENTITY e SYSTEM "@/45">]><x>&e;</x>
&lt;script&gt;window.ran=46&lt;/script&gt;
&#60;img src=x onerror=window.ran=47&#62;
\\u003cscript\\u003ewindow.ran=48\\u003c/script\\u003e
%3Cscript%3Ewindow.ran=49%3C/script%3E
javascript:window.ran=50
data:text/html,<script>window.ran=51</script>
<b>bold</b><br><i>x</i><sup>2</sup>
<span style="position:fixed;inset:0;z-index:9999">over everything</span>"""

MARKDOWN = """![x](@/60)
[click](@/61)
[click](javascript:window.ran=62)
![x][1]\\n\\n[1]: @/63
<@/64>
@/65
see @/66/a.b, or not
www.canary.invalid/67
WWW.canary.invalid
a@canary.invalid
mailto:a@canary.invalid
xmpp:a@canary.invalid/x
(@/72)
*@/73*
_@/74_
**bold** *it* ~~no~~ `code`
# heading
> quote
- item
1. item
---
| a | b |\\n|---|---|
```\\nfence
$\\\\href{@/83}{x}$
$$x^2$$
:material/delete:
:material_delete:
:smile: :streamlit:
:red[red] :blue-background[x] :red-badge[x]
[^1]
- [ ] task
a -> b <- c -- d >= e
\\\\[escape\\\\]
<https://canary.invalid/93>
![](data:image/svg+xml,<svg/onload=window.ran=94>)"""

TEMPLATES = """{{7*7}}
{{constructor.constructor('window.ran=1')()}}
${7*7} ${window.ran=1}
#{7*7}
<%= 7*7 %>
{% raw %}
%{x} %{customdata[0]} %{text}
%s%s%n %(x)s {0} {x!r}
{self.__class__.__mro__}
__import__('os').system('true')
<extra></extra><a href="@/110">x</a>
<a href="@/111">plotly link</a>
<a href="@/112" target="_blank">x</a><b>y</b>"""

FORMULAS = (
    """=1+1
=HYPERLINK("@/120","x")
=WEBSERVICE("@/121")
=cmd|'/C calc'!A0
+1+1
-1+1
@SUM(1)
 =1+1
|x
x;=1+1
"=1+1\"""".splitlines()
    + ["\t=1+1", "\r=1+1", "\n=1+1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff201"]
)

PATHS = """../../../../etc/passwd
..\\\\..\\\\windows\\\\win.ini
/etc/passwd
C:\\\\Windows\\\\win.ini
file:///etc/passwd
\\\\\\\\canary.invalid\\\\share
~/.ssh/id_rsa
CON
nul.txt
.
..
'; DROP TABLE runs; --
" OR 1=1 --
x' UNION SELECT * FROM runs --
Robert'); DELETE FROM jobs;--
$(touch /tmp/x) `id` ; ls | cat && true
--help
-rf /
null
undefined
NaN
true
[object Object]
<NULL>
%00 %0d%0aSet-Cookie:a=b
?run=x&pair=1#x"""

CONTROLS = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]52;c;Y2Fu\x07",
    "\x1b]8;;http://canary.invalid\x07x\x1b]8;;\x07",
    "\x1b[2J\x1b[H",
    "\x9b31m csi",
    "\x9d0;title\x9c",
    "bell\x07 back\x08 del\x7f",
    "nul\x00nul",
    "carriage\rreturn",
    "vertical\x0btab\x0cfeed",
    "\u202egnp.exe\u202c",
    "\u2066isolate\u2069 \u202bembed",
    "zero\u200bwidth\u200d\u2060\ufeff",
    "\u200e\u200f\u061c",
    "line\u2028paragraph\u2029",
    "\ufffe\uffff",
    "\U000e0041\U000e0042 tags",
    "Z\u0351\u0306\u0350a\u0341\u0489l\u0322g\u0334o",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308",
    "\u0627\u0644\u0639 \u05d0\u05d1 mixed",
    "x" * 5000,
    "word " * 800,
    "\u0041\u030a" * 300,
]

SURROGATES = ["\ud800", "half \udc00 half", "\udcff\udcfe bytes"]
"""Half characters: no file in UTF-8 can hold them, but JSON and file names can."""


def hostile_texts(address: str = CANARY) -> list[str]:
    """List the texts that UTF-8 can hold, calling that address."""
    lines = [line for block in (SCRIPTS, MARKDOWN, TEMPLATES, PATHS) for line in block.splitlines()]
    found = [line.replace("\\n", "\n").replace("\\\\", "\\") for line in lines]
    found = [text.replace("@/", f"{address}/").replace(CANARY, address) for text in [*found, *FORMULAS]]
    return [*found, *CONTROLS]
