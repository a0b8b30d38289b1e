/** What happens to a run that is due while one of the same schedule goes on, by Temporal's names. */
export const overlapPolicies = [
  'SKIP',
  'BUFFER_ONE',
  'BUFFER_ALL',
  'CANCEL_OTHER',
  'TERMINATE_OTHER',
  'ALLOW_ALL',
] as const;

/** One of {@link overlapPolicies}. */
export type OverlapPolicy = (typeof overlapPolicies)[number];
