import { AwsError } from './aws-error.js';

/** What the user is told when the disk that holds `folder` is full. */
export const diskFullMessage = (folder: string): string =>
  `The disk that holds ${folder} is full. Free some space there, or choose another folder: --data, or TMPDIR for a temporary one.`;

/**
 * The local counterpart of what AWS never runs into. 507 is a status that no AWS SDK retries, as retrying does not help.
 */
export const diskFull = (folder: string): AwsError => new AwsError('InsufficientStorage', diskFullMessage(folder), 507);

/** True for text in which the operating system, LevelDB or PostgreSQL says that a disk or a quota is full. */
export const saysDiskFull = (text: string): boolean =>
  /No space left on device|Check free disk space|Disk quota exceeded/i.test(text);

/** True for an error that comes of a full disk or quota. */
export function isDiskFull(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') return true;
    if (saysDiskFull(cause.message)) return true;
  }
  return false;
}
