// What the stylesheet has beyond the base on the operator's wide pages.

export const SET_UP_STYLES = `
.column{max-width:46rem}
.steps{display:flex;margin:0 0 1.75rem}
.steps li{flex:1;min-width:0;margin-right:.5rem;padding-top:.625rem;border-top:4px solid var(--line);font-size:.8125rem;line-height:1.4;color:var(--muted)}
.steps li:last-child{margin-right:0}
.steps .past{border-color:var(--accent-text)}
.steps .current{border-color:var(--accent-text);color:var(--ink);font-weight:600}
.steps span{display:none}
.progress{display:flex;justify-content:space-between;margin:0 0 .75rem;font-size:.875rem;color:var(--muted)}
.narrow{max-width:28rem}
.narrow+.note{margin-top:1.5rem}
.section{margin:2.25rem 0 0;padding:1.75rem 0 0;border-top:1px solid var(--line)}
.section>h2:first-child{margin-top:0}
.error{display:block;margin:.375rem 0 0;font-size:.875rem;color:var(--bad);font-weight:500}
.alert ul{margin:.25rem 0 0}
.alert li{margin:0 0 .25rem}
.alert a{color:inherit}
.rows{border:1px solid var(--line);border-radius:.875rem;margin:0 0 1.5rem;overflow:hidden}
.rows>li{display:flex;padding:.875rem 1rem;border-top:1px solid var(--line)}
.rows>li:first-child{border-top:0}
.rows .body{flex:1;min-width:0}
.rows b{font-weight:600;margin-right:.5rem}
.rows p{margin:0;color:var(--muted);font-size:.9375rem}
.state{flex:none;margin:.1875rem .75rem 0 0;color:var(--muted)}
.word{color:var(--muted);font-size:.8125rem;font-weight:600;white-space:nowrap}
.state-ok{color:var(--ok)}
.state-warn{color:var(--warn)}
.state-note{color:var(--accent-text)}
.note.info{color:var(--ink);background:var(--tint)}
.note.info svg{color:var(--accent-text)}
.state-bad,.state-refused{color:var(--bad)}
.value{margin:0 0 1rem}
.value .copy{display:flex}
.value input{flex:1;min-width:0;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.9375rem;background:var(--tint);border-color:var(--edge)}
.value button{flex:none;width:auto;min-width:4.25rem;margin-left:.5rem;padding:.625rem .75rem}
@media (max-width:30em){.value input{font-size:.8125rem;padding:0 .625rem}}
.note li{margin:.25rem 0}
#twins li{margin:.75rem 0;color:var(--ink)}
#twins button{width:auto;margin-top:.5rem}
#twins button:not(.primary){background:var(--surface)}
input[type=file]{height:auto;padding:.6875rem .875rem}
select{background-image:linear-gradient(45deg,transparent 50%,var(--muted) 50%),linear-gradient(135deg,var(--muted) 50%,transparent 50%);background-position:calc(100% - 1.25rem) 1.3125rem,calc(100% - .9375rem) 1.3125rem;background-size:.3125rem .3125rem;background-repeat:no-repeat;padding-right:2.5rem}
.actions{margin:1.75rem 0 0}
@media (min-width:40em){.steps span{display:inline}.pair{display:flex}.pair>.field{flex:1;min-width:0}.pair>.field+.field{margin-left:1rem}.actions{display:flex;align-items:center}.actions>*,.actions button,.actions .button{width:auto;margin:0}.actions>*+*,.actions .button+*,.actions>*+.button{margin:0 0 0 .75rem}.narrow button{width:auto;min-width:12rem}}
@media (forced-colors:active){.steps .past,.steps .current{border-color:Highlight}}
`

/** And where something is reported: a verdict, a table, what can be unfolded. */
export const REPORT_STYLES = `
pre{margin:0;padding:1rem;border-radius:.75rem;background:var(--tint);white-space:pre-wrap;word-break:break-all;font-size:.8125rem;line-height:1.6}
details{margin:.75rem 0 0}
summary{display:inline-block;padding:.25rem .375rem;margin-left:-.375rem;border-radius:.375rem;cursor:pointer;color:var(--accent-text);font-weight:500;font-size:.9375rem}
summary::before{content:"+ "}
details[open] summary::before{content:"\\2212 "}
.fine summary,.fine li::before{color:var(--ok)}
.fine .rows{margin:.5rem 0 1rem}
.fine li::before{content:"\\2713";width:2rem}
.rows>li:target{background:var(--tint)}
table{width:100%;border-collapse:collapse;font-size:.9375rem}
th,td{text-align:left;vertical-align:top;padding:.625rem .75rem .625rem 0;border-top:1px solid var(--line)}
tbody th{min-width:5.5rem}
th .hint{font-weight:400}
thead th{border-top:0;font-size:.8125rem;color:var(--muted);font-weight:600;white-space:nowrap}
.verdict{display:flex;padding:1rem 1.125rem;margin:0 0 1.5rem;border-radius:.75rem;border:1px solid transparent;font-weight:600;color:var(--ok);background:var(--ok-tint)}
.verdict strong{color:inherit}
h1+.verdict{margin-top:1.25rem}
.verdict.bad{color:var(--bad);background:var(--bad-tint)}
.verdict.warn{color:var(--warn);background:var(--warn-tint)}
.verdict p{margin:.25rem 0 0;font-weight:400;line-height:1.5;overflow-wrap:anywhere}
.verdict ul{margin:.375rem 0 0;font-weight:400}
.verdict li{list-style:disc;margin:0 0 .25rem 1.125rem}
.verdict a{color:inherit}
.verdict>div{flex:1;min-width:0}
.verdict svg{margin:.125rem .75rem 0 0}
@media (forced-colors:active){.verdict,pre{border:1px solid}}
`
