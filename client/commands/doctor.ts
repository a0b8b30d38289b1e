import type { CommandContext } from '../command-context.js';
import { diagnose } from '../doctor/diagnose.js';
import type { CheckResult, CheckStatus } from '../doctor/check.js';
import { DoctorError } from '../errors.js';

/** Options of `sluice doctor`. */
export interface DoctorOptions {
  readonly model?: string;
  readonly principal?: string;
}

const marks: Readonly<Record<CheckStatus, string>> = { ok: '✔', warn: '!', fail: '✖', unknown: '?' };

function line({ name, status, message, fix }: CheckResult): string {
  return [`${marks[status]} ${name}: ${message}`, ...(fix === undefined ? [] : [`    ${fix}`])].join('\n');
}

/**
 * `sluice doctor`: checks configuration, credentials, permissions, AWS resources, Temporal and versions, and says what to
 * mend. Changes nothing. The document is `{"checks": [{"name", "status", "message", "fix"}]}`.
 * @throws DoctorError - exit code 2 when something must be mended, else 1 when something could not be checked.
 */
export async function doctor(context: CommandContext, options: DoctorOptions): Promise<void> {
  const checks = await diagnose(context, options);
  context.console.print(checks.map(line).join('\n'));
  const of = (status: CheckStatus): CheckResult[] => checks.filter((check) => check.status === status);
  const [failed, unknown] = [of('fail'), of('unknown')];
  const names = (list: readonly CheckResult[]): string => list.map(({ name }) => name).join(', ');
  if (failed.length > 0) throw new DoctorError(`To be mended: ${names(failed)}.`, 'mend', { checks });
  if (unknown.length > 0) throw new DoctorError(`Could not be checked: ${names(unknown)}.`, 'unknown', { checks });
  context.console.document({ checks });
}
