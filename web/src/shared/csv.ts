/** A cell as a spreadsheet reads it: quoted, and never as a formula. */
const cell = (value: string | number): string => {
  const text = typeof value === 'number' ? String(value) : value.replace(/^[=+\-@\t\r]/, "'$&")
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text
}

/** Rows as CSV with the mark by which Excel knows UTF-8. */
export const csvOf = (rows: (string | number)[][]): string => '\uFEFF' + rows.map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n'
