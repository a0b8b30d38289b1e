import type { StartedRun } from './run-types.js';

/** Exit codes of the `sluice` command; docs of each command rely on them. */
export const ExitCode = {
  done: 0,
  runFailed: 1,
  badUsage: 2,
  gateNotPassed: 3,
  interrupted: 130,
} as const;

/** One of {@link ExitCode}'s values. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** An error whose message is written for the user of the CLI; it ends the command with {@link exitCode}. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';

  constructor(
    message: string,
    readonly exitCode: ExitCode,
    /** Every single fault, where there may be several; each names its place in the file. */
    readonly problems?: readonly string[],
    options?: ErrorOptions
  ) {
    super(message, options);
  }
}

/** Bad usage, model, items or configuration: nothing has been changed. Exit code 2. */
export class UsageError extends CommandError {
  override readonly name: string = 'UsageError';

  constructor(message: string, problems?: readonly string[], options?: ErrorOptions) {
    super(message, ExitCode.badUsage, problems, options);
  }
}

/** The work was started and failed. Exit code 1. */
export class RunFailedError extends CommandError {
  override readonly name: string = 'RunFailedError';
  /** Which run it was, for the document under `--json`. */
  readonly run?: StartedRun;

  constructor(message: string, options?: ErrorOptions & { readonly run?: StartedRun }) {
    super(message, ExitCode.runFailed, undefined, options);
    this.run = options?.run;
  }
}

/** Runs of a batch failed. Exit code 1. */
export class BatchFailedError extends CommandError {
  override readonly name: string = 'BatchFailedError';

  constructor(
    message: string,
    /** What the command's document says besides the error. */
    readonly document: object
  ) {
    super(message, ExitCode.runFailed);
  }
}

/** A run ended because its data did not pass a quality gate. Exit code 3. */
export class GateNotPassedError extends RunFailedError {
  override readonly name: string = 'GateNotPassedError';
  override readonly exitCode: ExitCode = ExitCode.gateNotPassed;
}

/** Data was evaluated and did not pass. Exit code 3; the document is the evaluation's. */
export class NotPassedError extends CommandError {
  override readonly name: string = 'NotPassedError';

  constructor(
    message: string,
    /** What the command's document says besides the error. */
    readonly document: object
  ) {
    super(message, ExitCode.gateNotPassed);
  }
}

/** `sluice doctor` found something to mend (exit code 2), or could not look at something (exit code 1). */
export class DoctorError extends CommandError {
  override readonly name: string = 'DoctorError';

  constructor(
    message: string,
    finding: 'mend' | 'unknown',
    /** What the command's document says besides the error. */
    readonly document: object
  ) {
    super(message, finding === 'mend' ? ExitCode.badUsage : ExitCode.runFailed);
  }
}

/** The same failure, told as that of a run. */
export function failedRun(error: RunFailedError, message: string, run: StartedRun | undefined): RunFailedError {
  const Failure = error instanceof GateNotPassedError ? GateNotPassedError : RunFailedError;
  return new Failure(message, { cause: error, ...(run && { run }) });
}

/** The user interrupted the command. Exit code 130. */
export class InterruptedError extends CommandError {
  override readonly name: string = 'InterruptedError';

  constructor(message = 'Interrupted.') {
    super(message, ExitCode.interrupted);
  }
}

/** What an error comes to at the edge of the process: the exit code, and what the user is told. */
export interface ErrorReport {
  readonly exitCode: ExitCode;
  readonly message: string;
  readonly problems?: readonly string[];
  /** What the document says besides the error. */
  readonly document?: object;
}

/**
 * Exit code and message of any thrown value. Errors that list `problems` (the model's and the configuration's) are
 * faults of the input, so exit code 2; everything that is not a {@link CommandError} is a failed run.
 */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof CommandError) {
    const document =
      error instanceof NotPassedError || error instanceof BatchFailedError || error instanceof DoctorError
        ? error.document
        : error instanceof RunFailedError
          ? error.run
          : undefined;
    return { exitCode: error.exitCode, message: error.message, problems: error.problems, document };
  }
  const problems = problemsOf(error);
  if (problems === undefined) return { exitCode: ExitCode.runFailed, message: messageOf(error) };
  // The messages of these errors go on to list the problems, which are told apart here.
  const [headline = ''] = messageOf(error).split('\n');
  return { exitCode: ExitCode.badUsage, message: headline.replace(/:$/, ''), problems };
}

/** Message of any thrown value; an error without one is told by its name, an aggregate by its parts. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  return String(error);
}

/** A fault in a file, as the errors of the model and of the configuration list them. */
interface Problem {
  readonly path?: string;
  readonly message?: string;
  /** Position in the file, from 1. */
  readonly line?: number;
  readonly column?: number;
}

function problemsOf(error: unknown): string[] | undefined {
  if (!(error instanceof Error) || !('problems' in error) || !Array.isArray(error.problems)) return undefined;
  return (error.problems as (string | Problem)[]).map((problem) => {
    if (typeof problem === 'string') return problem;
    const { path, message = '', line, column } = problem;
    return `${line === undefined ? '' : `${line}:${column ?? 1} `}${path ? `${path}: ` : ''}${message}`;
  });
}
