// Which browser a session is in, in two words of ours, for the person whose session it is. Empty: from before, or unknown.

export const sql = `
ALTER TABLE session ADD COLUMN browser TEXT NOT NULL DEFAULT '';
`
