const offset = /^[+-](\d|\d\d|\d\d:?\d\d|\d\d:?\d\d:?\d\d)$/;

/** Whether a text names a time zone as `java.time.ZoneId` knows them: `Z`, an offset, one of UTC, or a region. */
export function isTimeZone(text: string): boolean {
  const [, rest] = /^(?:UTC|GMT|UT)?([+-].*)$/.exec(text) ?? [];
  if (rest !== undefined) return offset.test(rest) && hoursOf(rest) <= 18;
  if (['Z', 'UTC', 'GMT', 'UT'].includes(text)) return true;
  if (!/^[A-Z][A-Za-z0-9_+/-]*$/.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

function hoursOf(rest: string): number {
  return Number(/\d\d?/.exec(rest)?.[0] ?? 0);
}
