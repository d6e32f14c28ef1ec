// Phone numbers as people and spreadsheets write them, turned into E.164. Each refusal says what is wrong and how to
// mend it, above all what Excel does to long numbers.

export type RecognisedPhone =
  | { readonly e164: string }
  /** `problem` is the end of a sentence that begins with the number or with "The phone number". */
  | { readonly problem: string; readonly hint: string }

const EXCEL_HINT =
  'In Excel, format the column as text (设置单元格格式 → 文本), then enter or paste the numbers again and save the file ' +
  'again; or export once more from the system that the numbers come from'
const COUNTRY_HINT =
  'A mainland mobile number is 11 digits such as 13800138000; write any other number with + and its country code, such as +85291234567'

const INVISIBLE = /[\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/g
const DASHES = /[-\u2010-\u2015\u2212\u30FC\u2500]/g
const MAINLAND = /^(?:(?:\+|00)?86)?(1[3-9]\d{9})$/

const LONGEST_TEXT = 64

export async function recognisePhone(text: string): Promise<RecognisedPhone> {
  const plain = unwrap(text)
  const refused = refuseAtSight(plain)
  if (refused !== null) return refused
  const number = digitsOf(plain)
  const [, mainland] = MAINLAND.exec(number) ?? []
  if (mainland !== undefined) return { e164: `+86${mainland}` }
  if (!/^\+?\d+$/.test(number)) {
    return { problem: 'holds characters that belong in no phone number', hint: COUNTRY_HINT }
  }
  const international = number.startsWith('00') ? `+${number.slice(2)}` : number
  return international.startsWith('+') ? await recogniseInternational(international) : refuseNational(number)
}

/** Full-width forms become plain ones; the marks that spreadsheets and chat programs put around numbers go. */
function unwrap(text: string): string {
  return text
    .slice(0, 4 * LONGEST_TEXT)
    .normalize('NFKC')
    .replace(INVISIBLE, '')
    .trim()
    .replace(/^['‘’`]+/, '')
    .replace(/^tel:/i, '')
    .trim()
}

function refuseAtSight(text: string): RecognisedPhone | null {
  if (text === '') return { problem: 'is empty', hint: COUNTRY_HINT }
  if (text.length > LONGEST_TEXT) return { problem: 'is too long for a phone number', hint: COUNTRY_HINT }
  if (/^\d(?:[.,]\d+)?\s*E\s*\+?\s*\d+$/i.test(text)) {
    return { problem: `was turned into ${text} by Excel, and its last digits are lost`, hint: EXCEL_HINT }
  }
  if (/^#+$/.test(text)) {
    return { problem: 'was saved as ##### by Excel because the column was too narrow', hint: EXCEL_HINT }
  }
  if (/^[=@]/.test(text)) return { problem: 'is a formula, not a number', hint: EXCEL_HINT }
  if (/\d[\s]*(?:[/;|、]|,(?!\d{3}(?:,|$)))[\s]*\+?\d/.test(text)) {
    return { problem: 'holds more than one number', hint: 'Keep one number a person' }
  }
  if (/\d\s*(?:ext\.?|x|#|转)\s*\d/i.test(text)) {
    return { problem: 'has an extension', hint: 'Write the number without its extension' }
  }
  if (/\p{L}/u.test(text)) return { problem: 'holds letters', hint: COUNTRY_HINT }
  return null
}

function digitsOf(text: string): string {
  // Programs that keep numbers as floating point append .0; nothing is lost by it.
  const whole = /^\d{11,13}\.0+$/.test(text) ? text.slice(0, text.indexOf('.')) : text
  const grouped = /^\d{1,3}(?:,\d{3})+$/.test(whole) ? whole.replaceAll(',', '') : whole
  return grouped.replace(DASHES, '').replace(/[\s().·]/g, '')
}

function refuseNational(number: string): RecognisedPhone {
  const digits = number.length
  if (/^01[3-9]\d{9}$/.test(number)) {
    return { problem: 'begins with a 0 that does not belong to it', hint: 'Leave the first 0 away' }
  }
  if (number.startsWith('0')) {
    return {
      problem: 'looks like a landline number or lacks its country code',
      hint: `${COUNTRY_HINT}; a landline in Beijing is +8610 and eight digits`,
    }
  }
  if (number.startsWith('86') && digits > 11) {
    return { problem: `has ${digits - 2} digits after 86; a mainland mobile number has 11`, hint: COUNTRY_HINT }
  }
  if (digits === 11) {
    return { problem: `begins with ${number.slice(0, 2)}, as no mainland mobile number does`, hint: COUNTRY_HINT }
  }
  return {
    problem: `has ${digits} digits, so it is no mainland mobile number`,
    hint: COUNTRY_HINT,
  }
}

async function recogniseInternational(number: string): Promise<RecognisedPhone> {
  if (number.startsWith('+861') && number.length !== 14) {
    const digits = number.length - 3
    // +86 10 … and +86 1x … are landlines of Beijing and service numbers; a mobile one is what was meant.
    if (!number.startsWith('+8610')) {
      return { problem: `has ${digits} digits after +86; a mainland mobile number has 11`, hint: COUNTRY_HINT }
    }
  }
  if (number.startsWith('+860')) {
    return { problem: 'has a 0 after +86', hint: 'Leave the 0 after the country code away' }
  }
  // 20 MB of tables: only for those who have numbers from elsewhere.
  const { parsePhoneNumberFromString } = await import('libphonenumber-js/min')
  const parsed = parsePhoneNumberFromString(number)
  if (parsed === undefined) return { problem: 'begins with no known country code', hint: COUNTRY_HINT }
  if (!parsed.isValid()) {
    const where = parsed.country === undefined ? `country code +${parsed.countryCallingCode}` : parsed.country
    return { problem: `is not a valid number of ${where}`, hint: 'Compare it with the source, digit by digit' }
  }
  return { e164: parsed.number }
}
