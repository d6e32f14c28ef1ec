// The page of the frame by which clients notice a sign-out: nothing to see, one script. OpenID Connect Session
// Management §3.2.

import { sourceHash } from '../look/styles.ts'
import type { Page } from '../views.ts'

/**
 * For every engine there is, the oldest included, and without TLS as well: so SHA-256 (FIPS 180-4) is written out. Its
 * constants are the first bits of roots of primes, as the standard defines them. All that is hashed is ASCII.
 */
const SHA_256 = `
function sha256(text) {
  var first = [], constants = [], sieve = {}, prime, at, block, word, words = [];
  for (prime = 2; constants.length < 64; prime++) {
    if (sieve[prime]) continue;
    for (at = prime * prime; at < 320; at += prime) sieve[at] = true;
    if (first.length < 8) first.push(fraction(Math.pow(prime, 1 / 2)));
    constants.push(fraction(Math.pow(prime, 1 / 3)));
  }
  function fraction(root) { return ((root - Math.floor(root)) * 4294967296) | 0; }
  function turn(value, bits) { return (value >>> bits) | (value << (32 - bits)); }
  for (at = 0; at < text.length; at++) words[at >> 2] |= text.charCodeAt(at) << (24 - (at % 4) * 8);
  words[text.length >> 2] |= 128 << (24 - (text.length % 4) * 8);
  var length = ((text.length + 8 >> 6) + 1) * 16, state = first.slice(0);
  words[length - 1] = text.length * 8;
  for (block = 0; block < length; block += 16) {
    var w = [], s = state.slice(0);
    for (at = 0; at < 64; at++) {
      if (at < 16) w[at] = words[block + at] | 0;
      else {
        var a = w[at - 15], b = w[at - 2];
        w[at] = (w[at - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[at - 7] +
          (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))) | 0;
      }
      var one = (s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) +
        constants[at] + w[at]) | 0;
      var two = ((turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]))) | 0;
      s = [(one + two) | 0, s[0], s[1], s[2], (s[3] + one) | 0, s[4], s[5], s[6]];
    }
    for (at = 0; at < 8; at++) state[at] = (state[at] + s[at]) | 0;
  }
  var hex = '';
  for (at = 0; at < 8; at++) {
    word = (state[at] >>> 0).toString(16);
    hex += '00000000'.slice(word.length) + word;
  }
  return hex;
}`

/** §3.3: "Client ID", a blank, "Session State"; answered with `unchanged`, `changed` or `error`. */
const ANSWER = `
function browserState() {
  var pairs = document.cookie.split('; ');
  for (var at = 0; at < pairs.length; at++) {
    if (pairs[at].indexOf(NAME + '=') === 0) return pairs[at].slice(NAME.length + 1);
  }
  return '';
}
window.addEventListener('message', function (event) {
  if (typeof event.data !== 'string' || !event.source) return;
  var said = /^([\\x21-\\x7e]+) ([0-9a-f]{64})\\.([A-Za-z0-9]+)$/.exec(event.data), answer = 'error';
  if (said && event.data.length < 2000) {
    var now = sha256(said[1] + ' ' + event.origin + ' ' + browserState() + ' ' + said[3]);
    answer = now === said[2] ? 'unchanged' : 'changed';
  }
  event.source.postMessage(answer, event.origin);
}, false);`

/** `cookie`: the name of the one that holds the browser's state. */
export function checkSessionPage(cookie: string): Page {
  const script = `(function () {\nvar NAME = ${JSON.stringify(cookie)};${SHA_256}${ANSWER}\n})();`
  return {
    status: 200,
    title: 'Session',
    html: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Session</title><meta name="robots" content="noindex"></head>
<body><script>${script}</script></body></html>
`,
    styleHash: sourceHash(''),
    scriptHashes: [sourceHash(script)],
    imageSource: "'none'",
    connectSource: "'none'",
  }
}
