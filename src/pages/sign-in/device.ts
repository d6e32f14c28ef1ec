// Answering for a device without a browser: its code is typed, the person says whether it is theirs, and goes back to it.
// RFC 8628 §3.3

import { layOut, wordsOf } from '../look/layout.ts'
import { html } from '../markup/html.ts'
import { ICONS } from '../markup/icons.ts'
import { alert, clientLinks, clientLogo, form, heading, note } from '../markup/parts.ts'
import type { DeviceCodeView, DeviceConfirmView, DeviceDoneView, Frame, Page } from '../views.ts'

/** Field posted: `user_code`. */
export function deviceCodePage({ form: target, typed, error, wait }: DeviceCodeView, frame: Frame): Page {
  const words = wordsOf(frame)
  const { device } = words
  const described = html` aria-describedby="user-code-hint${error !== null && ' device-error'}"${error !== null && html` aria-invalid="true"`}`
  return layOut(frame, {
    status: wait === null ? 200 : 429,
    title: device.title,
    hasError: error !== null,
    main: html`<h1>${device.title}</h1><p class="lead">${device.lead}</p>${
      wait !== null && note({ kind: 'warn', id: 'device-wait', isNew: true }, html`<p>${device.wait(wait)}</p>`, words)
    }${error !== null && alert('device-error', device.errors[error])}${form(
      target,
      html`<div class="field"><label for="user-code">${device.label}</label><input id="user-code" name="user_code" type="text" value="${typed}" autocomplete="off" autocapitalize="characters" autocorrect="off" spellcheck="false" maxlength="64" required autofocus${described}><span class="hint" id="user-code-hint">${device.hint}</span></div><button class="primary" id="device-continue" type="submit">${device.submit}</button>`,
    )}`,
  })
}

/** Field posted: `decision` = `allow` or `deny`. */
export function deviceConfirmPage({ form: target, client, userCode }: DeviceConfirmView, frame: Frame): Page {
  const words = wordsOf(frame)
  const { confirm } = words.device
  const title = confirm.title(client.name)
  return layOut(frame, {
    title,
    main: html`${clientLogo(client)}${heading(title, client.name)}<p class="lead">${confirm.lead(
      html`<strong>${client.name}</strong>`,
    )}</p><p class="user-code" id="shown-code">${userCode}</p>${note({ kind: 'warn' }, html`<p>${confirm.warning}</p>`, words)}${form(
      target,
      html`<button class="primary" id="device-allow" type="submit" name="decision" value="allow">${confirm.allow}</button><button id="device-deny" type="submit" name="decision" value="deny">${confirm.deny}</button>`,
    )}${clientLinks(client, words)}`,
  })
}

export function deviceDonePage({ isAllowed }: DeviceDoneView, frame: Frame): Page {
  const { device } = wordsOf(frame)
  const { title, lead } = isAllowed ? device.allowed : device.denied
  return layOut(frame, {
    title,
    main: html`<div class="seal">${isAllowed ? ICONS.tick : ICONS.cross}</div><h1>${title}</h1><p class="lead" id="device-done">${lead}</p>`,
  })
}
