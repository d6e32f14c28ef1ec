// What the stylesheet has beyond the base on the pages of a person's own account.

export const ACCOUNT_STYLES = `
.column{max-width:34rem}
.own{margin:0 0 1.25rem}
.own li{display:inline-block;margin:0 1.25rem 0 0}
.own a{display:inline-block;padding:.125rem 0}
.contents{margin:0 0 1.5rem}
.contents li{display:inline-block;margin:0 1.25rem .25rem 0}
.contents a{display:inline-block;padding:.125rem 0}
.done{display:flex;padding:.875rem 1rem;margin:0 0 1.5rem;border-radius:.75rem;border:1px solid transparent;line-height:1.5;color:var(--ok);background:var(--ok-tint)}
.done svg{margin:.125rem .75rem 0 0}
.done p{margin:0}
.done strong{color:inherit}
.list{border:1px solid var(--line);border-radius:.875rem;margin:0 0 1rem}
.list>li{padding:1rem;border-top:1px solid var(--line)}
.list>li:first-child{border-top:0}
.list .head{display:flex;align-items:center;margin:0 0 .375rem}
.list h3{margin:0;min-width:0}
.list img,.list .mark{flex:none;width:2.25rem;height:2.25rem;margin:0 .75rem 0 0;border-radius:.625rem}
.list img{object-fit:contain;background:#fff;padding:.125rem;border:1px solid var(--line)}
.list .mark{background:var(--tint);color:var(--accent-text)}
.list p{margin:0 0 .25rem;font-size:.9375rem}
.list .button,.list button{display:inline-block;width:auto;min-height:2.75rem;padding:.5rem 1rem;margin:.625rem 0 0}
.list .tag{flex:none;margin-left:.5rem;color:var(--ok)}
.list+.hint{margin:0 0 .75rem}
.effects{margin:0 0 1.5rem}
.effects li{list-style:disc;margin:0 0 .5rem 1.25rem}
.effects+form,.facts+form{margin-top:1.5rem}
form+.button{margin-top:.75rem}
@media (forced-colors:active){.done{border:1px solid}}
`
