// How a number is shown to somebody who knows it already: enough to recognise, too little to learn it.

/** `+8613800138000` → `+86 138****8000`; other numbers keep their country's first digits and the last two. */
export function maskPhone(phone: string): string {
  const mainland = /^(?:\+86)?(1\d{2})\d{4}(\d{4})$/.exec(phone)
  if (mainland) return `+86 ${mainland[1] ?? ''}****${mainland[2] ?? ''}`
  return phone.length < 7 ? '****' : `${phone.slice(0, 4)}****${phone.slice(-2)}`
}
