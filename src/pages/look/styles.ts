// The one stylesheet, made for the operator's accent. Plain enough for Chromium 80 and Safari 13: no nesting, no
// `:has`, no flex gaps, no logical properties; what is newer only adds.

import { createHash } from 'node:crypto'
import { ACCOUNT_STYLES } from '../account/styles.ts'
import { REPORT_STYLES, SET_UP_STYLES } from '../set-up/styles.ts'
import { SIGN_IN_STYLES } from '../sign-in/styles.ts'
import { DEFAULT_ACCENT, parseAccent } from './brand.ts'
import { darkPalette, lightPalette, type Palette } from './colour.ts'

export interface Stylesheet {
  readonly css: string
  /** Source for `style-src`. */
  readonly hash: string
}

/** Styles that some pages need beyond those of every page. */
export type Dress = 'plain' | 'set-up' | 'report' | 'account'

const MORE: Readonly<Record<Dress, string>> = {
  plain: SIGN_IN_STYLES,
  'set-up': SET_UP_STYLES,
  report: SET_UP_STYLES + REPORT_STYLES,
  account: SIGN_IN_STYLES + ACCOUNT_STYLES,
}

const made = new Map<string, Stylesheet>()

/** The style sheet for an accent. It must be the same text each time, because the Content-Security-Policy names its hash. */
export function stylesheet(accent: string | undefined, dress: Dress): Stylesheet {
  const colour = parseAccent(accent ?? '') ?? DEFAULT_ACCENT
  const key = `${colour} ${dress}`
  const known = made.get(key)
  if (known) return known
  const css = squeeze(colours(colour) + BASE + MORE[dress])
  const sheet = { css, hash: sourceHash(css) }
  if (made.size < 64) made.set(key, sheet)
  return sheet
}

/** `'sha256-…'`, as a Content-Security-Policy names an inline style or script. */
export function sourceHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`
}

function squeeze(css: string): string {
  return css
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,]) ?/g, '$1')
    .replace(/: /g, ':')
    .replaceAll(';}', '}')
    .trim()
}

function palette(colour: Palette): string {
  return `--page:${colour.page};--surface:${colour.surface};--tint:${colour.tint};--glow:${colour.glow};--accent:${colour.accent};
--accent-hover:${colour.accentHover};--on-accent:${colour.onAccent};--accent-text:${colour.accentText};`
}

function colours(accent: string): string {
  return `:root{color-scheme:light dark;${palette(lightPalette(accent))}
--ink:#14181f;--muted:#555e6c;--line:#e1e4e9;--edge:#868e99;--shadow:0 1px 2px rgba(16,24,40,.05),0 12px 40px rgba(16,24,40,.07);
--ok:#12663a;--warn:#7d4b00;--bad:#a3221a;--bad-tint:#fdf1ef;--warn-tint:#fdf6e7;--ok-tint:#edf7f1}
@media (prefers-color-scheme:dark){:root{${palette(darkPalette(accent))}
--ink:#eceef2;--muted:#a8b0bc;--line:#31363e;--edge:#79818d;--shadow:0 1px 2px rgba(0,0,0,.3),0 16px 48px rgba(0,0,0,.35);
--ok:#7fd6a6;--warn:#f1c368;--bad:#ffa79b;--bad-tint:#3a1f1d;--warn-tint:#33290f;--ok-tint:#152d20}}`
}

// Both have quotation marks and dashes, Chinese fonts as wide as a character: the fonts of a text's own language come first.
// Some systems have a Chinese font behind `sans-serif`, so Latin ones are named before it.
const LATIN =
  '-apple-system,BlinkMacSystemFont,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",Ubuntu,Cantarell,Arial,"DejaVu Sans"'
const CHINESE =
  '"PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans SC","Noto Sans CJK SC","Source Han Sans SC"'

const BASE = `
[lang=en]{font-family:${LATIN},sans-serif,${CHINESE}}
[lang|=zh]{font-family:${CHINESE},${LATIN},sans-serif}
*,*::before,*::after{box-sizing:border-box}
html{font-size:100%;-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;background:var(--page) radial-gradient(ellipse at top,var(--glow),transparent 38rem) no-repeat;color:var(--ink);font-size:1rem;line-height:1.6;
-webkit-font-smoothing:antialiased;-moz-osx-font-smoothing:grayscale;word-break:break-word;overflow-wrap:break-word}
.column{width:100%;max-width:27rem;margin:auto;padding:1.25rem 1rem 1.5rem}
h1{font-size:1.5625rem;line-height:1.28;text-wrap:balance;letter-spacing:-.012em;margin:0 0 .375rem}
h2{font-size:1.0625rem;line-height:1.4;text-wrap:balance;margin:2rem 0 .75rem}
h3{font-size:1rem;line-height:1.4;margin:1.5rem 0 .5rem}
:lang(zh) h1{letter-spacing:.005em;line-height:1.36}
h1,h2,h3,legend,strong,button,.button{font-weight:600}
p{margin:0 0 1rem}
ul,ol,dl,dd{margin:0;padding:0}
li{list-style:none}
strong{color:var(--ink)}
svg{display:block;flex:none;width:1.25rem;height:1.25rem;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}
a{color:var(--accent-text);text-underline-offset:.2em;text-decoration-thickness:1px}
a:hover{text-decoration-thickness:2px}
.muted,.lead{color:var(--muted)}
.lead{margin-bottom:1.75rem}
.small{font-size:.875rem}
.top{display:flex;align-items:center;justify-content:space-between;margin:0 .25rem 1.25rem}
.brand{display:flex;align-items:center;min-width:0;font-weight:600;font-size:1.0625rem;line-height:1.3}
.brand img{display:block;height:2.25rem;max-width:8rem;margin-right:.75rem;object-fit:contain}
.mark{flex:none;display:block;width:2.25rem;height:2.25rem;margin-right:.75rem;border-radius:.625rem;background:var(--accent);color:var(--on-accent);
font-size:1.1875rem;line-height:2.25rem;text-align:center;font-weight:600}
.top nav{flex:none;margin-left:1rem;font-size:.875rem}
.top nav a,.top nav button{display:inline-block;width:auto;min-height:0;padding:.375rem .5rem;border:0;border-radius:.5rem;color:var(--muted);background:transparent;font-weight:400;line-height:1.6;text-decoration:none}
.top nav a:hover,.top nav button:hover{color:var(--ink);text-decoration:underline}
.card{display:block;background:var(--surface);border:1px solid var(--line);border-radius:1.125rem;box-shadow:var(--shadow);padding:1.75rem 1.375rem}
.field{margin:0 0 1.25rem}
label,legend,.label{display:block;font-size:.9375rem;font-weight:600;margin:0 0 .375rem;padding:0}
.hint{display:block;font-size:.875rem;color:var(--muted);margin:.375rem 0 0}
input,textarea,select{display:block;width:100%;margin:0;font:inherit;color:var(--ink);background:var(--surface);border:1px solid var(--edge);border-radius:.6875rem;-webkit-appearance:none;appearance:none}
input,select{height:3rem;padding:0 .875rem}
textarea{padding:.75rem .875rem;min-height:8rem;resize:vertical}
input:hover,textarea:hover,select:hover{border-color:var(--muted)}
[aria-invalid=true]{border-color:var(--bad);box-shadow:inset 0 0 0 1px var(--bad)}
.check{display:flex;align-items:flex-start;margin:0 0 1.5rem}
.check input{flex:none;width:1.5rem;height:1.5rem;margin:0 .625rem 0 0;padding:0;-webkit-appearance:checkbox;appearance:auto;accent-color:var(--accent)}
.check label{font-weight:400;margin:0;line-height:1.5}
.check .hint{margin:0}
button,.button{display:block;width:100%;min-height:3rem;margin:0;padding:.625rem 1.25rem;font:inherit;font-weight:600;line-height:1.5;text-align:center;text-decoration:none;
color:var(--accent-text);background:transparent;border:1px solid var(--edge);border-radius:.6875rem;cursor:pointer;text-wrap:balance;-webkit-appearance:none;appearance:none}
button:hover,.button:hover{background:var(--tint);text-decoration:none}
.primary{color:var(--on-accent);background:var(--accent);border-color:transparent}
.primary:hover{background:var(--accent-hover)}
.quiet{border-color:transparent;font-weight:500}
.link{display:inline;width:auto;min-height:0;padding:.125rem .25rem;margin:0 -.25rem;border:0;font-weight:500;text-decoration:underline;text-underline-offset:.2em;border-radius:.375rem}
button+button,.actions>*+*,form+form{margin-top:.75rem}
a:focus,button:focus,input:focus,textarea:focus,select:focus,summary:focus,pre:focus,main:focus{outline:3px solid var(--accent-text);outline-offset:2px}
a:focus:not(:focus-visible),button:focus:not(:focus-visible),summary:focus:not(:focus-visible),main:focus:not(:focus-visible){outline:0}
input:focus,textarea:focus,select:focus{outline-offset:1px;outline-width:2px;border-color:var(--accent-text)}
.alert,.note{display:flex;padding:.875rem 1rem;margin:0 0 1.5rem;border-radius:.75rem;border:1px solid transparent;line-height:1.5}
.alert svg,.note svg{margin:.125rem .75rem 0 0}
.alert{color:var(--bad);background:var(--bad-tint)}
.note{color:var(--warn);background:var(--warn-tint)}
.alert p,.note p{margin:0}
.alert>div,.note>div{flex:1;min-width:0}
.facts{margin:0 0 1.5rem}
.button+.facts,.hint+.facts{margin-top:1.5rem}
.facts dt{font-size:.875rem;color:var(--muted)}
.facts dd{margin:0 0 .75rem}
.facts dd:last-child{margin:0}
code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono","Noto Sans Mono CJK SC",monospace;font-size:.9375em}
code span,strong span{white-space:nowrap}
code{word-break:break-word;-webkit-user-select:all;user-select:all}
p>code,.hint>code{padding:.0625rem .25rem;border-radius:.25rem;background:rgba(128,136,144,.14)}
.note p+p{margin-top:.5rem}
.bottom{margin:1.5rem .25rem 0;font-size:.8125rem;line-height:1.5;color:var(--muted);text-align:center}
.bottom ul{display:flex;flex-wrap:wrap;justify-content:center}
.bottom li{margin:0 .625rem}
.bottom a,.bottom span{display:inline-block;padding:.25rem 0;color:inherit;text-decoration:none}
.bottom a:hover{color:var(--ink);text-decoration:underline}
.skip,.hidden{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip:rect(0 0 0 0);white-space:nowrap}
.skip:focus{position:fixed;z-index:1;top:.5rem;left:.5rem;width:auto;height:auto;margin:0;clip:auto;padding:.5rem 1rem;background:var(--surface);border-radius:.5rem}
[hidden]{display:none!important}
@media (min-width:30em){.column{padding:2.5rem 1rem 2rem}.card{padding:2.5rem 2.25rem}h1{font-size:1.75rem}}
@media (prefers-reduced-motion:no-preference){button,.button,input,textarea,select{transition:background-color .15s,border-color .15s}}
@media (forced-colors:active){.mark,.alert,.note,.primary{border:1px solid}}
`
