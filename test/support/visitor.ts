// A browser without scripts: keeps cookies, reads forms, never follows a redirect by itself.

export interface Page {
  readonly status: number
  readonly url: string
  readonly headers: Headers
  readonly html: string
  /** Absolute; null when the reply is no redirect. */
  readonly location: string | null
}

export interface VisitOptions {
  readonly headers?: Record<string, string>
}

export class Visitor {
  readonly cookies = new Map<string, string>()
  language = 'en'
  userAgent: string | null = null

  async get(url: string, { headers = {} }: VisitOptions = {}): Promise<Page> {
    return this.#ask(url, { method: 'GET', headers })
  }

  async post(url: string, fields: Record<string, string>, { headers = {} }: VisitOptions = {}): Promise<Page> {
    const body = new URLSearchParams(fields).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    return this.#ask(url, { method: 'POST', body, headers: { ...type, ...headers } })
  }

  /** Presses the button of the form that holds `id`, after filling in `fields`. */
  async submit(page: Page, id: string, fields: Record<string, string> = {}): Promise<Page> {
    const form = formWith(page, id)
    const origin = new URL(page.url).origin
    return this.post(new URL(form.action, page.url).href, { ...form.fields, ...fields }, { headers: { origin } })
  }

  /** Takes the switch to the other language, a link or a form; follows where that leads. */
  async switchLanguage(page: Page): Promise<Page> {
    const nav = headerOf(page)
    const href = attribute(/<a\b[^>]*hreflang=[^>]*>/.exec(nav)?.[0] ?? '', 'href')
    if (href !== null) {
      const headers = { 'sec-fetch-site': 'same-origin', referer: page.url }
      return this.follow(await this.get(new URL(href, page.url).href, { headers }))
    }
    const { action, fields } = switchForm(page)
    const origin = new URL(page.url).origin
    return this.follow(await this.post(new URL(action, page.url).href, fields, { headers: { origin } }))
  }

  /** Follows redirects as long as they stay at this origin; the last reply is a page or leads elsewhere. */
  async follow(page: Page): Promise<Page> {
    let at = page
    for (let count = 0; count < 10; count++) {
      if (at.location === null || new URL(at.location).origin !== new URL(at.url).origin) return at
      at = await this.get(at.location)
    }
    throw new Error(`too many redirects, the last to ${at.location}`)
  }

  async #ask(url: string, init: Omit<RequestInit, 'headers'> & { headers: Record<string, string> }): Promise<Page> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const reply = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: {
        'accept-language': this.language,
        accept: 'text/html',
        ...(this.userAgent !== null && { 'user-agent': this.userAgent }),
        ...(cookie && { cookie }),
        ...init.headers,
      },
    })
    for (const line of reply.headers.getSetCookie()) this.#keep(line)
    const location = reply.headers.get('location')
    return {
      status: reply.status,
      url,
      headers: reply.headers,
      html: await reply.text(),
      location: location === null ? null : new URL(location, url).href,
    }
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';')
    const equals = pair.indexOf('=')
    const name = pair.slice(0, equals).trim()
    if (attributes.some((each) => /^\s*max-age=0$/i.test(each))) this.cookies.delete(name)
    else this.cookies.set(name, pair.slice(equals + 1))
  }
}

interface Form {
  readonly action: string
  readonly fields: Record<string, string>
}

/** The form around the element with this id; the button's own name and value are among its fields. */
export function formWith(page: Page, id: string): Form {
  for (const form of formsOf(page.html)) {
    if (!form.inside.includes(`id="${id}"`)) continue
    const { action, fields } = readForm(form, page)
    const button = [...form.inside.matchAll(/<button\b([^>]*)>/g)]
      .map(([, text = '']) => text)
      .find((text) => text.includes(`id="${id}"`))
    const buttonName = button === undefined ? null : attribute(button, 'name')
    if (button !== undefined && buttonName !== null) fields[buttonName] = attribute(button, 'value') ?? ''
    return { action, fields }
  }
  throw new Error(`no form holds #${id} on this page (${page.status}): ${page.html.slice(0, 600)}`)
}

function headerOf(page: Page): string {
  return /<header class="top">[^]*?<\/header>/.exec(page.html)?.[0] ?? ''
}

/** The switch of language of a page that answers a form. */
export function switchForm(page: Page): Form {
  const [form] = formsOf(headerOf(page))
  if (form === undefined) throw new Error(`no language switch on this page (${page.status}): ${headerOf(page)}`)
  return readForm(form, page)
}

interface FormSource {
  readonly attributes: string
  readonly inside: string
}

function formsOf(source: string): readonly FormSource[] {
  return [...source.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, attributes = '', inside = '']) => ({
    attributes,
    inside,
  }))
}

function readForm({ attributes, inside }: FormSource, page: Page): Form {
  const fields: Record<string, string> = {}
  for (const [, input = ''] of inside.matchAll(/<(?:input|textarea)\b([^>]*)>/g)) {
    const name = attribute(input, 'name')
    if (name === null || /type="(checkbox|radio|file|submit)"/.test(input)) continue
    fields[name] = attribute(input, 'value') ?? ''
  }
  return { action: attribute(attributes, 'action') ?? page.url, fields }
}

/** What a reader sees of it, without the marks between the pieces of a command or an address. */
export function readable(html: string): string {
  return html.replaceAll(/<\/?(?:wbr|span|code)>/g, '')
}

export function textOf(page: Page, id: string): string {
  const found = new RegExp(`id="${id}"[^>]*>((?:[^<]|<wbr>|<span>)*)<`).exec(page.html)
  if (found === null) throw new Error(`no #${id} on this page (${page.status})`)
  return unescapeHtml((found[1] ?? '').replaceAll(/<[^>]*>/g, ''))
}

function attribute(tag: string, name: string): string | null {
  const found = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)
  return found === null ? null : unescapeHtml(found[1] ?? '')
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&#x27;', "'")
    .replaceAll('&amp;', '&')
}
