// The plainest server around a library that brings none: reads the body, answers JSON or a redirect.

import { createServer } from 'node:http'

/** `answer` gets method, path, query, headers and form, and gives `{ status, headers, body }`. */
export async function serve(answer) {
  const reply = async (req, res, body) => {
    const [path, query = ''] = req.url.split('?')
    const asked = {
      method: req.method,
      path,
      query: Object.fromEntries(new URLSearchParams(query)),
      headers: req.headers,
      body: Object.fromEntries(new URLSearchParams(body)),
    }
    const given = await answer(asked).catch((error) => ({ status: 500, headers: {}, body: { error: String(error) } }))
    const text = given.body === undefined ? '' : JSON.stringify(given.body)
    res.writeHead(given.status, {
      ...given.headers,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    })
    res.end(text)
  }
  const server = createServer((req, res) => {
    let body = ''
    req.on('data', (part) => {
      body += part.toString('utf8')
    })
    req.on('end', () => void reply(req, res, body))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${server.address().port}`
}
