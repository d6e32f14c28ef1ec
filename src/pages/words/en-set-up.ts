// English words of the operator's first hour: set-up, rehearsal, and the wait for the first real sign-in.

import { type Content, html } from '../markup/html.ts'
import { count } from './en-count.ts'

export const setUp = {
  title: 'Set-up',
  pageTitle: (step: number, of: number, name: string) => `${name} (${step} of ${of}) · Set-up`,
  progress: (step: number, of: number) => `Step ${step} of ${of}`,
  steps: ['Administrator', 'Public address', 'Connect 制作云', 'First person', 'Rehearsal'],
  colon: ': ',
  between: ', ',
  stop: '.',
  problemsHeading: 'Please correct this first',
  next: 'Continue',
  back: 'One step back',
  open: {
    set_up: {
      title: 'Set up your sign-in server',
      message:
        'Five short steps: an administrator, your public address, 制作云, the first person, and a rehearsal. It takes about ten minutes, and you can come back later.',
      submit: 'Begin',
    },
    rehearsal: {
      title: 'Rehearse a sign-in',
      message:
        'This page plays the application from the first request to the last, with a person of your choice. Nothing it issues is valid anywhere.',
      submit: 'Open the rehearsal',
    },
    once: (hours: number) =>
      `The link works once. Opened, it holds for ${count(hours, 'hour', 'hours')}, in this browser only and until you close it.`,
  },
  problems: {
    required: 'Please fill this in.',
    passwords_differ: 'The two passwords are not the same.',
    username_taken: 'Somebody has this user name already.',
    username_forbidden: 'This user name holds characters that cannot be used.',
    username_blank:
      'A user name has no blanks inside: people type it at sign-in, where nobody sees one too many. Leave them away, or write . - or _ in their place.',
    phone_invalid: 'This is not a phone number. A mainland number has 11 digits; others start with + and the country.',
    phone_taken: 'Somebody else has this phone number already.',
    label_forbidden:
      'This name holds a control character, or one that nobody can see. Delete it and type the name by hand.',
    file_empty: 'There are no rows in it.',
    file_unreadable: 'This could not be read as CSV. Save it as “CSV UTF-8” and try again.',
    issuer_lacks_scheme: (corrected: string) =>
      `${corrected.split('//')[0]}// was missing, and has been put in front: ${corrected}. Look at it, then press the button once more.`,
    issuer_invalid: 'This is not a web address. It looks like https://sso.example.com',
    issuer_needs_https: 'It must begin with https://, except on this very machine.',
    issuer_has_path_or_query: 'It must end after the host name or port, without path or query.',
    user_unknown: 'Nobody has this user name.',
    too_short: (limit: number) => `At least ${count(limit, 'character', 'characters')}.`,
    too_long: (limit: number, length: number | null) =>
      length === null
        ? `This is far too long: at most ${limit} characters are allowed.`
        : `This has ${length} characters; at most ${limit} are allowed.`,
  },
  administrator: {
    intro:
      'This is your own account, and you are noted as the one who runs this server. It is managed on the command line. Choose a long password: a sentence is easier to remember than symbols.',
    username: 'User name',
    name: 'Your name',
    company: 'Name of your company (optional)',
    companyHint: 'Your people read it on every page, from the sign-in on. You can change it later.',
    companyConfigured: 'Set by the option brand.operatorName.',
    password: 'Password',
    passwordHint: (limit: number) => `At least ${limit} characters.`,
    passwordKept: (limit: number) => `At least ${limit} characters. Leave it empty to keep the present one.`,
    passwordAgain: 'Password, once more',
    submit: 'Create administrator',
    submitAgain: 'Save and continue',
  },
  address: {
    intro:
      'People and 制作云 reach this server at one public address, the issuer. It becomes part of every token, so choose it well.',
    issuer: 'Public address (issuer)',
    issuerHint: 'For example https://sso.example.com, without a path.',
    check: 'Check this address',
    checks: 'What we found',
    states: { ok: 'Good', warn: 'Look at this', bad: 'Must be corrected', unknown: 'Could not be checked' },
    reach: 'Who must be able to reach what',
    reachIntro: "Open the first group to the internet. The second is called by people's browsers only.",
    tencent: "Tencent's servers",
    browsers: "People's browsers",
    notWorking: (faults: string) =>
      html`<b>This address does not work yet.</b> Failed: ${faults}. What we found below says what to do; then check again. You can use the address nevertheless and correct it later, but until then sign-ins fail.`,
    afterRestart: html`<b>This address holds after a restart.</b> Read below how to restart, then continue.`,
    submit: 'Use this address and continue',
    submitAnyway: 'Use this address anyway',
    submitLater: 'Keep this address and continue',
  },
  connect: {
    intro: '制作云 becomes an application of this server. The name is what your people read when they sign in.',
    name: 'Name',
    nameHint: 'For example 制作云, or the name of your own platform on it.',
    twins: {
      title: (clients: number) =>
        clients === 1
          ? 'An application for 制作云 is here already:'
          : `${clients} applications for 制作云 are here already:`,
      use: 'Use this one',
      which: (name: string) => `: ${name}`,
      more: (clients: number) => `and ${clients} more`,
      same: 'For the same tenant of 制作云, use the one that is here.',
      heading: 'Or make another one',
      another: 'Only for another tenant of 制作云: it gets a ClientId and a secret of its own.',
      submit: 'Make another one',
    },
    submit: 'Make the six values',
    doneIntro: (client: Content) =>
      html`Paste these six values into the SSO settings of ${client}'s console, then save there.`,
    laterIntro: (client: Content) =>
      html`These six values go into the SSO settings of ${client}'s console, once Tencent's servers can reach this one.`,
    notYet: {
      warning: 'Do not paste them yet.',
      out_of_reach: (issuer: Content, step: (text: string) => Content) =>
        html`Tencent's servers cannot reach ${issuer}: they need a public https address. ${step('Set it in step 2')}, and this page shows the three addresses anew.`,
      check_failed: (issuer: Content, step: (text: string) => Content) =>
        html`The check of ${issuer} has failed, so sign-ins would fail too. ${step('See in step 2 what to correct')}, and check again there.`,
      restart: (issuer: Content, running: Content, command: (words: string) => Content) =>
        html`The running server answers as ${running} until it is restarted; ${issuer} holds from then on. Note the secret first, then stop the server and start it: ${command('start')}, or where a proxy speaks https, with the proxy's address: ${command('start --trusted-proxies 127.0.0.1')}. Come back by a new link: ${command('setup-link')}.`,
      anyway: 'ClientId and ClientSecret stay as they are, so keep the secret. To try things out first, just go on.',
    },
    values: 'Six values for the console',
    copy: 'Copy',
    copied: 'Copied',
    secretOnce: 'The secret is shown only now. We keep no copy that could be read: if it gets lost, issue a new one.',
    secretGone: (command: Content) =>
      html`It was shown once and cannot be shown again. If it is lost, issue a new one on the command line: ${command}`,
    callback: 'Callback',
    callbackHint: 'This address of 制作云 is registered already; there is nothing to paste.',
    submitDone: 'I have pasted them, continue',
    submitLater: 'Continue without pasting',
  },
  person: {
    intro: 'Who will try the first sign-in? 制作云 recognises people by their phone number.',
    one: 'Add one person',
    username: 'User name',
    name: 'Name',
    phone: 'Phone number',
    phoneHint: "制作云 creates or finds the account with it, so a wrong number is another person's account.",
    phoneVerified: 'I have made sure that this number belongs to this person',
    phoneVerifiedHint: 'Without this tick 制作云 is told that the number is unverified, and may refuse it.',
    password: 'Password',
    passwordHint: (limit: number) => `At least ${limit} characters.`,
    passwordTemporary: 'This password is temporary: at the first sign-in the person chooses their own',
    submit: 'Add person and continue',
    many: 'Or bring many at once',
    manyIntro: 'A CSV file as Excel saves it. The first line names the columns:',
    columns: 'user_id, username, name, phone, phone_verified, email, email_verified, password',
    columnsHint: 'A person without a phone number, or without “true” in phone_verified, may be refused by 制作云.',
    gaps: {
      title: 'Nothing has been imported yet: 制作云 may not accept some of these people.',
      withoutPhone: (people: number, lines: string) =>
        `${people === 1 ? '1 person has' : `${people} people have`} no phone number (${lines}). 制作云 creates or binds accounts by it.`,
      unverifiedPhone: (people: number, lines: string) =>
        `${people === 1 ? '1 person has a number that is' : `${people} people have numbers that are`} not marked as verified (${lines}). Write “true” in the column phone_verified for each number that you know to be theirs.`,
      lines: (lines: readonly number[], more: boolean) =>
        `${lines.length === 1 ? 'line' : 'lines'} ${lines.join(', ')}${more ? ', …' : ''}`,
      advice: 'Complete the rows and import again, or tick “Import them as they are”.',
      chooseAgain: 'The file has to be chosen again.',
      anyway: 'Import them as they are',
    },
    file: 'CSV file',
    paste: 'Or paste the rows, below a line with the names of the columns',
    passwordsTemporary: 'Passwords in it are temporary: at the first sign-in each person chooses their own',
    pasted: 'Pasted rows',
    pasteAgain: 'Please paste it again: it may hold passwords, so it was not carried over to the other language.',
    import: 'Check and import',
    badRows: (rows: number) => `${count(rows, 'row', 'rows')} cannot be imported. Nothing has been changed.`,
    line: 'Line',
    reason: 'What is wrong',
    more: (rows: number) => `and ${rows} more`,
    skipWithoutPhone: (without: number, people: number, only: string | null) => {
      const some = `${without} of them ${without === 1 ? 'has' : 'have'} no`
      const who = without < people ? some : people === 1 ? `${only ?? 'This person'} has no` : 'None of them has a'
      return `${who} phone number, so 制作云 may not accept ${without === 1 ? 'this person' : 'them'}.`
    },
    skip: (people: number, only: string | null) =>
      `Continue with ${people === 1 ? (only ?? 'the person who is here already') : `the ${people} people who are here already`}`,
  },
  rehearsal: {
    title: 'Rehearsal',
    intro: (client: Content) =>
      html`This plays ${client} from the first request to the last. Nothing it issues is valid anywhere, and nobody is told.`,
    imported: (people: number) => (people === 1 ? '1 person has been added.' : `${people} people have been added.`),
    withoutPassword: (without: number, people: number, command: (words: string) => Content) => {
      const lack =
        people === 1
          ? 'This person has no password yet'
          : without === people
            ? 'None of them has a password yet'
            : `${without} of them ${without === 1 ? 'has' : 'have'} no password yet`
      return html`${lack}. Without one nobody can sign in. Set it on the server, for each: ${command('user set-password USERNAME')}`
    },
    user: 'As which person?',
    userHint: 'The user name of somebody who can sign in here.',
    submit: 'Start the rehearsal',
    again: 'Rehearse once more',
    passed: (client: string, user: string) => `It works: ${client} would have signed in ${user}.`,
    qualified: (client: string, user: string) => `Every step works, but ${client} may not accept ${user}:`,
    failed: (client: string) => `${client} would have failed. This does not hold:`,
    fine: (lines: number) => count(lines, 'requirement holds', 'requirements hold'),
    endpoints: {
      authorize: 'The browser asks for a code',
      token: 'The application redeems the code',
      userinfo: 'The application asks who it is',
    },
    request: 'Request',
    reply: 'Reply',
    states: { bad: 'Does not hold', note: 'Note', warn: 'Look at this' },
    contract: 'What the contract asks',
    known: (client: string, user: string) => `What ${client} would know about ${user}`,
    claim: 'Claim',
    value: 'Value',
    identifier: 'Identifier',
    verified: (what: string) => `${what} verified`,
    nothing: 'Nothing.',
    next: 'Continue to the first real sign-in',
  },
  waiting: {
    title: 'Waiting for the first real sign-in',
    outOfReachTitle: 'Ready, but not reachable yet',
    doneTitle: 'It works',
    intro: (client: Content) =>
      html`Now sign in to ${client} with a person you added. Each request it makes appears here.`,
    outOfReach: (client: Content, issuer: Content, command: (words: string) => Content) =>
      html`${client} cannot reach ${issuer} yet, so nobody can sign in to it so far. Everything else is ready: once this server has a public https address, run ${command('setup-link')} and set it in step 2. Requests from this machine appear here.`,
    done: (client: Content) => html`${client} has asked who signed in, and got an answer. Your people can sign in now.`,
    endpoints: { authorize: 'Sign-in page', token: 'Token', userinfo: 'User info' },
    who: {
      authorize: "opened by the person's browser",
      token: "called by Tencent's servers",
      userinfo: "called by Tencent's servers",
    },
    notByTencent: "called from this machine or its network, not by Tencent's servers",
    states: { waiting: 'Nothing yet', ok: 'Answered', refused: 'Refused' },
    ago: (seconds: number) =>
      seconds < 60
        ? `${count(seconds, 'second', 'seconds')} ago`
        : seconds < 3600
          ? `${count(Math.floor(seconds / 60), 'minute', 'minutes')} ago`
          : `${count(Math.floor(seconds / 3600), 'hour', 'hours')} ago`,
    rule: 'Rule',
    trace: 'Trace number',
    refresh: 'Look again',
    automatic: 'This page looks again by itself every few seconds.',
    pause: 'Stop that',
    finished: {
      title: 'The set-up is finished',
      message: 'You may close this page. From now on there is the command line of the server:',
      commands: {
        'user list': 'People',
        'client list': 'Applications',
        trace: 'What happened to requests',
        'backup FILE': 'A backup; the master key is kept apart',
      },
    },
    finish: 'Finish the set-up',
    finishEarly: 'Finish without waiting',
  },
}
