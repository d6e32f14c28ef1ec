// An amount with its noun.

export const count = (amount: number, one: string, many: string) => `${amount} ${amount === 1 ? one : many}`
