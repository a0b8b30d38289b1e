/** Edit distance with transpositions of neighbours (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const above = rows[i - 1]!;
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      }
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** The name that was probably meant: at most a third of its letters away, letter case aside. */
export function nearName(name: string, known: Iterable<string>): string | undefined {
  let best: { name: string; away: number } | undefined;
  for (const candidate of known) {
    const away = distance(name.toLowerCase().slice(0, 200), candidate.toLowerCase().slice(0, 200));
    if (away <= Math.max(1, Math.floor(candidate.length / 3)) && (best === undefined || away < best.away)) {
      best = { name: candidate, away };
    }
  }
  return best?.name;
}

/** `; did you mean "username"?`, or the names there are when none is near and they are few. */
export function suggestion(name: string, known: Iterable<string>): string {
  const names = [...known];
  const near = nearName(name, names);
  if (near !== undefined) return `; did you mean "${near}"?`;
  if (names.length === 0) return '';
  return names.length <= 12 ? `; there is ${names.map((other) => `"${other}"`).join(', ')}` : '';
}
