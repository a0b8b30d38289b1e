import { closestMatch } from 'leven';

/** The name that was probably meant: at most a third of its letters away, letter case aside. */
export function nearName(name: string, known: Iterable<string>): string | undefined {
  const target = name.toLowerCase().slice(0, 200);
  const byLowerCase = new Map([...known].map((candidate) => [candidate.toLowerCase(), candidate]));
  const near = closestMatch(target, [...byLowerCase.keys()], { maxDistance: Math.ceil(target.length / 3) });
  return near === undefined ? undefined : byLowerCase.get(near);
}

/** `; did you mean "RowCount"?`, or nothing when no name is near. */
export function suggestion(name: string, known: Iterable<string>): string {
  const near = nearName(name, known);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}
