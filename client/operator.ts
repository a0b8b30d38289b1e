import { userInfo } from 'node:os';
import { UsageError } from './errors.js';

/**
 * Who asks for something that is recorded with a name: the one given by `--by`, else the user of this process.
 * @throws UsageError for an empty name.
 */
export function operatorName(by: string | undefined, env: NodeJS.ProcessEnv): string {
  if (by !== undefined) {
    if (by.trim() === '') throw new UsageError('--by needs a name.');
    return by.trim();
  }
  try {
    return userInfo().username;
  } catch {
    return env.USER || env.LOGNAME || `uid ${process.getuid?.() ?? 'unknown'}`; // a container's user without a name
  }
}
