/** The innermost cause says what went wrong; those around it only which workflow and activity it went wrong in. */
export function rootCause<Thrown>(error: Thrown): Thrown | Error {
  let root: Thrown | Error = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return root;
}
