// What the stylesheet has beyond the base on the pages of people: lists of accounts and of data, and what is shown of a client.

export const SIGN_IN_STYLES = `
.whole{display:inline-block}
.seal{display:flex;align-items:center;justify-content:center;width:3.5rem;height:3.5rem;margin:0 0 1.25rem;border-radius:50%;color:var(--accent-text);background:var(--tint)}
.seal svg{width:1.625rem;height:1.625rem}
.client-logo{display:inline-block;vertical-align:top;max-width:100%;margin:0 0 1.25rem;padding:.5rem;border:1px solid rgba(20,24,31,.16);border-radius:.75rem;background:#fff}
.client-logo img{display:block;max-height:3.5rem;max-width:10rem;object-fit:contain;filter:drop-shadow(0 0 1px rgba(20,24,31,.6)) drop-shadow(0 0 1px rgba(20,24,31,.3))}
.links{display:flex;flex-wrap:wrap;margin:1.25rem 0 0;font-size:.875rem}
.links li{margin:0 1.25rem .25rem 0}
.links a{display:inline-block;padding:.125rem 0}
.accounts button{display:flex;align-items:center;text-align:left;color:var(--ink);font-weight:400;padding:.75rem 1rem;border-color:var(--line);margin:0 0 .75rem}
.accounts button:hover{border-color:var(--edge)}
.accounts .mark{border-radius:50%;background:var(--tint);color:var(--accent-text);margin-right:.875rem}
.accounts .mark svg{margin:.5rem}
.accounts b,.accounts span{display:block}
.accounts b{font-weight:600;line-height:1.4}
.accounts .who{min-width:0}
.kinds{border:1px solid var(--line);border-radius:.875rem;margin:0 0 1.5rem}
.kinds li{display:flex;padding:.9375rem 1rem;border-top:1px solid var(--line)}
.kinds li:first-child{border-top:0}
.kinds .icon{flex:none;display:flex;align-items:center;justify-content:center;width:2.25rem;height:2.25rem;border-radius:.625rem;margin-right:.875rem;background:var(--tint);color:var(--accent-text)}
.kinds .what{min-width:0;flex:1}
.kinds b{font-weight:600}
.kinds .value{display:block}
.tag{display:inline-block;font-size:.8125rem;line-height:1.35;padding:.0625rem .4375rem;border-radius:.375rem;border:1px solid currentColor;color:var(--muted);margin-left:.25rem}
.person form{display:inline}
.user-code{font:600 1.75rem/1.4 ui-monospace,Menlo,Consolas,monospace;letter-spacing:.14em;text-align:center;padding:.875rem .5rem;margin:0 0 1.25rem;border:1px solid var(--line);border-radius:.875rem}
@media (forced-colors:active){.seal,.icon{border:1px solid}}
`
