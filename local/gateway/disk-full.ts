import { AwsError } from './aws-error.js';

/** What the user is told when the disk that holds `folder` is full. */
export const diskFullMessage = (folder: string): string =>
  `The disk that holds ${folder} is full. Free some space there, or choose another folder: --data, or TMPDIR for a temporary one.`;

/**
 * The local counterpart of what AWS never runs into. 507 is a status that no AWS SDK retries, as retrying does not help.
 */
export const diskFull = (folder: string): AwsError => new AwsError('InsufficientStorage', diskFullMessage(folder), 507);

/** True for what the operating system or LevelDB says when a disk or a quota is full. */
export function isDiskFull(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') return true;
    if (/No space left on device|Disk quota exceeded/i.test(cause.message)) return true;
  }
  return false;
}
