// English words of error pages: one sentence for the visitor, one for the operator on what to correct.

import { type Content, html } from '../markup/html.ts'

export const errors = {
  title: 'Something went wrong',
  operator: 'For whoever runs the application or this server',
  onward: (target: Content) => html`Continue to ${target} anyway`,
  code: 'Error',
  description: 'Description',
  /** What a description says in this language; null: it is in it already, or not known. */
  translated: (_description: string): string | null => null,
  original: 'In English',
  trace: 'Trace number',
  traceHint: 'Please give this number to your administrator.',
  advice: {
    unknown_client: {
      visitor: 'This link belongs to an application that this server does not know, so nothing was done.',
      operator: 'Compare the client_id that the application sends with the one registered here, letter by letter.',
    },
    redirect_uri_missing: {
      visitor: 'The application did not say where to send you after signing in.',
      operator: 'The application must send redirect_uri, exactly as it is registered for this client.',
    },
    redirect_uri_mismatch: {
      visitor: 'The application named a return address that is not registered for it, so you were not signed in.',
      operator:
        'redirect_uri must equal a registered one letter by letter; the trace shows where the nearest one differs.',
    },
    request_malformed: {
      visitor: 'The link or form that brought you here is incomplete or damaged.',
      operator: 'Read the description below, and correct the request that the application makes.',
    },
    request_too_large: {
      visitor: 'The request that brought you here is too long.',
      operator: 'Shorten what the application sends; state may have 4,096 characters at most.',
    },
    request_refused: {
      visitor: 'This server could not do what the application asked for.',
      operator: "Compare the request with the client's settings; the trace names the rule that refused it.",
    },
    unverified_client: {
      visitor:
        'The application made a mistake. Nobody here has checked who runs it, so you are not sent back to it by itself.',
      operator:
        'Approve the client ("npx lingpai client approve CLIENT_ID") once you know who runs it; then it is told of its errors.',
    },
    access_denied: {
      visitor: 'Nothing was shared, and you were not signed in to the application.',
      operator: 'The person declined, or may not use this application.',
    },
    post_logout_redirect_uri: {
      visitor: 'You were not signed out: the application named a return address that is not registered for it.',
      operator: 'Register the exact post_logout_redirect_uri for this client, or correct it in the application.',
    },
    id_token_hint: {
      visitor: 'You were not signed out: the application sent a proof that this server cannot accept.',
      operator: 'id_token_hint must be an ID token that this issuer made for this very client.',
    },
    interaction_expired: {
      visitor:
        'This sign-in is over: it took too long, or was finished already. Please start again in the application.',
      operator:
        'Nothing needs to be corrected; such a page lives until the sign-in is finished, and no longer than the configured interaction lifetime.',
    },
    interaction_unknown: {
      visitor: 'This sign-in was begun in another browser. Please start again in the application.',
      operator: 'If many people see this, check that a proxy passes cookies on and that all nodes use one database.',
    },
    cookies_missing: {
      visitor:
        'Your browser sent no cookie back. Please allow cookies for this site, then start again in the application.',
      operator:
        'If many people see this, check that a proxy passes Set-Cookie on and that the issuer is the address they use.',
    },
    cross_site_form: {
      visitor: 'This form did not come from our own page, so nothing was done.',
      operator: 'If you see this often, check that the proxy passes Host, Origin and Sec-Fetch-Site on unchanged.',
    },
    link_spent: {
      title: 'This link no longer works',
      visitor:
        'This link has expired, was replaced by a newer one, or was opened before: in another browser, or in one that was closed since.',
      operator:
        'Make a new link on the command line of the server: "npx lingpai setup-link" for the set-up, "npx lingpai rehearse CLIENT_ID" for a rehearsal. Each link works once: that to the set-up for a day, that to a rehearsal for ten minutes.',
    },
    set_up_done: {
      title: 'This server is set up already',
      visitor:
        'The set-up is finished, so this link leads nowhere any more. To sign in, open the application you want to use.',
      operator:
        'This server is managed on its command line, for example people: "npx lingpai user list". To open the set-up again, make a new link, which works once, for a day: npx lingpai setup-link',
    },
    method_not_allowed: {
      visitor: 'This address does not take that kind of request.',
      operator: 'Read the Allow header of the reply: it lists the methods that work here.',
    },
    overloaded: {
      visitor: 'The server is very busy. Please try again in a moment.',
      operator: 'Work was refused in order to keep the rest fast; look at load and at the database.',
    },
    database_away: {
      visitor: 'The server cannot answer at present. Please try again in a moment.',
      operator:
        'The database did not answer, so this request may have left no trace. The log says since when, and /readyz whether it is over.',
    },
    server_error: {
      visitor: 'That was our fault, not yours. Please try again in a moment.',
      operator: 'The log holds the cause under the trace number.',
    },
  },
  notices: {
    overloaded: {
      title: 'The server is very busy',
      visitor: 'Please wait a few seconds, then load this page again.',
      operator:
        'Work was refused in order to keep the rest fast; look at the load, and at how long the database takes to answer.',
    },
    starting: {
      title: 'The server is starting',
      visitor: 'Please wait a few seconds, then load this page again.',
      operator: 'If this takes longer, read its log: it may be waiting for its database.',
    },
    body_too_large: {
      title: 'That was too large',
      visitor: 'What you sent is larger than this page takes, so nothing of it was kept. Please go back and send less.',
      operator: 'A form may have 64 KiB here, more than any page of this server sends: look at what has made this one.',
    },
    file_too_large: {
      title: 'That was too large',
      visitor:
        'The file is larger than this page takes, so nothing of it was kept. Please go back and choose a smaller one.',
      operator:
        'A file of people may have 16 MiB here. Larger ones are imported on the command line: npx lingpai user import users.csv',
    },
    another_file: {
      title: 'Please send the file again',
      visitor: 'Another file is being received, so yours was not kept. Please wait a few seconds, then send it again.',
      operator: 'Each address may send one file at a time, and four may be sent at once in all.',
    },
  },
  misdirected: {
    title: 'This is another address',
    message: (issuer: Content) => html`This server answers at ${issuer}, and only there.`,
    operator:
      'If this is the right address, set the issuer to it, or list it as an alternative; behind a proxy, check that Host is passed on.',
    submit: 'Go to the right address',
  },
  notFound: {
    title: 'Page not found',
    message: 'There is nothing at this address. Please check it, or start again in the application you wanted to use.',
    front: 'Go to the front page',
    account: 'Go to your account',
  },
}
