import { Command, CommanderError } from 'commander';
import { ExitCode, reportOf } from './errors.js';
import { processConsole } from './output/console.js';
import { credentialsCommands } from './program/credentials.js';
import { dataCommands } from './program/data.js';
import { defineIn } from './program/define.js';
import { deploymentCommands } from './program/deployment.js';
import { dqCommands } from './program/dq.js';
import { glueUsageCommands } from './program/glue-usage.js';
import { processCommands } from './program/processes.js';
import { runCommands } from './program/runs.js';
import { scheduleCommands } from './program/schedule.js';
import { startRunCommands } from './program/start-runs.js';
import { projectVersion } from './project-files.js';

/** In the order of the help. */
const groups = [
  processCommands,
  startRunCommands,
  runCommands,
  dataCommands,
  dqCommands,
  scheduleCommands,
  deploymentCommands,
  glueUsageCommands,
  credentialsCommands,
];

/**
 * Parses a command line and runs its command.
 * @param argv - the arguments after `sluice`.
 * @returns the exit code; errors have been told on stderr and, under `--json`, as a document on stdout.
 */
export async function runCli(argv: readonly string[]): Promise<ExitCode> {
  try {
    await createProgram(process.env).parseAsync(argv, { from: 'user' });
    return ExitCode.done;
  } catch (error) {
    if (error instanceof CommanderError) return endOfParsing(error, argv.includes('--json'));
    return endOfCommand(error, argv.includes('--json'), process.env);
  }
}

/** The `sluice` command with all its subcommands; nothing of an implementation is loaded before its command runs. */
export function createProgram(env: NodeJS.ProcessEnv): Command {
  const program = new Command('sluice')
    .description('Durable ELT from DynamoDB single tables to a Redshift star schema, as Temporal workflows')
    .version(projectVersion())
    .exitOverride()
    .showHelpAfterError('(add --help for the options and an example)');

  const define = defineIn(env);
  for (const group of groups) group(program, define);
  return program;
}

function endOfParsing(error: CommanderError, json: boolean): ExitCode {
  if (error.exitCode === 0) return ExitCode.done; // help or version was asked for
  const message = error.code === 'commander.help' ? 'a command is needed' : error.message.replace(/^error: /, '');
  if (json) processConsole(true).document({ error: { message } });
  return ExitCode.badUsage;
}

function endOfCommand(error: unknown, json: boolean, env: NodeJS.ProcessEnv): ExitCode {
  const { exitCode, message, problems, document } = reportOf(error);
  const console = processConsole(json);
  const list = (problems ?? []).map((problem) => `\n  - ${problem}`).join('');
  console.note(`sluice: ${message}${list}`);
  if (env.SLUICE_DEBUG && error instanceof Error) console.note(error.stack ?? '');
  console.document({ ...document, error: { message, ...(problems !== undefined && { problems }) } });
  return exitCode;
}
