// Client ids that are the address of a document about the client. draft-ietf-oauth-client-id-metadata-document §3.

/** Judged by its form alone: no other client has an id with a slash in it. */
export function isDocumentId(clientId: string): boolean {
  return /^https?:\/\//i.test(clientId)
}

const LONGEST = 512

/**
 * Why this cannot be such an address, as the end of a sentence; null: it can. Whether it may be fetched is another
 * question.
 */
export function documentIdProblem(clientId: string): string | null {
  if (clientId.length > LONGEST) return `is longer than ${LONGEST} characters`
  if (!URL.canParse(clientId)) return 'is no address'
  const url = new URL(clientId)
  if (url.username !== '' || url.password !== '') return 'holds a user name or password'
  if (clientId.includes('#')) return 'holds a fragment'
  if (url.pathname === '/') return 'has no path'
  // §3: no dot segments; and each client has one id, in one spelling.
  return url.href === clientId ? null : `is not written in its plain form, ${url.href.slice(0, LONGEST)}`
}
