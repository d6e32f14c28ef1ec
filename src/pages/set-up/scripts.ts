// The two small classic scripts of the operator's pages. Both only add: without them every value can be selected, and
// a link looks again. Written for old engines, because some of them still read these pages.

/** Shows the copy buttons and makes them work. */
export const COPY_SCRIPT = `(function(){
var buttons=document.querySelectorAll('button[data-copy]');
function each(button){
var input=document.getElementById(button.getAttribute('data-copy'));
if(!input)return;
var before=button.firstChild.nodeValue,after=button.getAttribute('data-copied'),said=document.getElementById('copied');
button.hidden=false;
button.addEventListener('click',function(){
input.focus();input.select();
function done(){button.firstChild.nodeValue=after;said.textContent=after;setTimeout(function(){button.firstChild.nodeValue=before;said.textContent=''},2000)}
if(navigator.clipboard&&navigator.clipboard.writeText){navigator.clipboard.writeText(input.value).then(done,function(){if(document.execCommand('copy'))done()})}
else if(document.execCommand('copy'))done();
})}
for(var i=0;i<buttons.length;i++)each(buttons[i]);
})();`

/** Asks for the same page every few seconds and takes over its list, until it is done or somebody stops it. */
export const REFRESH_SCRIPT = `(function(){
var region=document.getElementById('requests'),controls=document.getElementById('automatic'),pause=document.getElementById('pause'),said=document.getElementById('said');
if(!region||!controls||!window.XMLHttpRequest||!window.DOMParser)return;
var stopped=false;
controls.hidden=false;
pause.addEventListener('click',function(){stopped=true;controls.hidden=true});
function look(){
if(stopped)return;
if(document.hidden){setTimeout(look,4000);return}
var request=new XMLHttpRequest();
request.open('GET',location.href);
request.onload=function(){
var fresh=request.status===200?new DOMParser().parseFromString(request.responseText,'text/html'):null;
var list=fresh&&fresh.getElementById('requests');
if(list&&list.getAttribute('data-done')!==region.getAttribute('data-done')){location.reload();return}
if(list){
var state=list.getAttribute('data-state');
region.innerHTML=list.innerHTML;
if(state!==region.getAttribute('data-state')){region.setAttribute('data-state',state);said.textContent=list.textContent}}
setTimeout(look,4000)};
request.onerror=function(){setTimeout(look,8000)};
request.send()}
setTimeout(look,4000);
})();`
