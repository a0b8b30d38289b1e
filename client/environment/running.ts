import { findRunningEnvironments } from '../../local/environment/registry.js';
import type { RunningEnvironment } from '../../local/environment/registry.js';

/** The lines for a shell that point every AWS client, Temporal and Sluice at an environment. */
export function exportLines(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(
      ([name, value]) => `export ${name}=${/^[\w./:@-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`}`
    )
    .join('\n');
}

/** How to use the local environment that this user runs, or undefined when none is ready. */
export async function localEnvironmentHint(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const running = await findRunningEnvironments(env).catch((): RunningEnvironment[] => []);
  const ready = running.filter((environment) => environment.env !== undefined).at(-1);
  if (ready?.env === undefined) return undefined;
  return `A local environment is running on ${ready.data}. To use it:\n${exportLines(ready.env)}`;
}

/** Web UI of the Temporal server at this address, when it is that of an environment that this user runs. */
export async function localTemporalUi(address: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const running = await findRunningEnvironments(env).catch((): RunningEnvironment[] => []);
  return running.find((environment) => environment.env?.TEMPORAL_ADDRESS === address)?.temporalUi;
}
