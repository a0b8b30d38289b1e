import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { processConsole } from '../output/console.js';

/** Implementation of a command: its arguments, its options and the context. It ends well or throws. */
export type Implementation<Arguments extends unknown[]> = (
  context: CommandContext,
  ...args: Arguments
) => Promise<void>;

/**
 * Adds a subcommand with what every command has: `--json`, `--config` and examples in its help.
 * @param signature - name and arguments, as commander takes them
 * @param load - imports the implementation, only when the command runs
 */
export type Define = <Arguments extends unknown[]>(
  parent: Command,
  signature: string,
  description: string,
  examples: readonly string[],
  load: () => Promise<Implementation<Arguments>>
) => Command;

/** How commands are added that read their settings from `env`. */
export function defineIn(env: NodeJS.ProcessEnv): Define {
  return <Arguments extends unknown[]>(
    parent: Command,
    signature: string,
    description: string,
    examples: readonly string[],
    load: () => Promise<Implementation<Arguments>>
  ) =>
    parent
      .command(signature)
      .description(description)
      .option('--json', 'print one JSON document as the last line of stdout')
      .option('--config <file>', 'configuration file (default: sluice.yaml, where there is one)')
      .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`)
      .action(async (...received: unknown[]) => {
        const command = received.pop() as Command;
        const options = command.opts<{ json?: boolean; config?: string }>();
        const context = { console: processConsole(options.json === true), configFile: options.config, env };
        const run = await load();
        await traced(command, env, () => run(context, ...(received as Arguments)));
      });
}

/** Commands that work until they are told to stop: a span of theirs would only say so afterwards. */
const enduring = ['worker', 'up'];

/** Runs a command in a span of its own where the environment asks for traces; loads nothing for it where not. */
async function traced(command: Command, env: NodeJS.ProcessEnv, run: () => Promise<void>): Promise<void> {
  const names: string[] = [];
  for (let one: Command | null = command; one?.parent; one = one.parent) names.unshift(one.name());
  const name = names.join(' ');
  const { tracesWanted } = await import('../../workers/telemetry/traces-wanted.js');
  if (!tracesWanted(env) || enduring.includes(name)) return await run();
  const [{ startTracing }, { inCommandSpan }] = await Promise.all([
    import('../../workers/telemetry/tracing.js'),
    import('../../workers/telemetry/command-span.js'),
  ]);
  await inCommandSpan(startTracing(), name, run);
}
