import { loadConfiguration } from '../../model/configuration.js';
import type { CommandContext } from '../command-context.js';
import { CredentialsControl } from '../credentials/credentials-control.js';
import type { CredentialsState } from '../credentials/credentials-control.js';
import { table } from '../output/table.js';

/** Opens the credentials of the configuration for one command, and closes them after it. */
async function withCredentials<T>(
  { configFile, env }: CommandContext,
  work: (control: CredentialsControl) => Promise<T>
): Promise<T> {
  const control = await CredentialsControl.connect(loadConfiguration({ file: configFile, env }), env);
  try {
    return await work(control);
  } finally {
    await control.close();
  }
}

const nothing = 'No credentials are declared: see `credentials` in docs/credentials.md.';

/** `sluice credentials apply`: the document is `{"credentials": [AppliedCredentials]}`. */
export async function applyCredentials(context: CommandContext, options: { readonly prune?: boolean }): Promise<void> {
  const { console } = context;
  const applied = await withCredentials(context, (control) => control.apply(options));
  const rows = applied.map(({ name, outcome }) => [name, outcome]);
  console.print(rows.length === 0 ? nothing : table(['credentials', 'outcome'], rows));
  if (applied.some(({ outcome }) => outcome === 'undeclared')) {
    console.note('Undeclared ones go on; `sluice credentials apply --prune` ends them.');
  }
  console.document({ credentials: applied });
}

/** `sluice credentials list`: the document is `{"credentials": [CredentialsState]}`. */
export async function listCredentials(context: CommandContext): Promise<void> {
  const states = await withCredentials(context, (control) => control.list());
  const rows = states.map((one) => [
    one.name,
    one.state,
    one.expiration ?? '',
    one.refreshAt ?? '',
    one.failure?.message ?? '',
  ]);
  context.console.print(
    rows.length === 0 ? nothing : table(['credentials', 'state', 'expiration', 'next refresh', 'failure'], rows)
  );
  context.console.document({ credentials: states });
}

/** `sluice credentials show NAME`: the document is `{"credentials": CredentialsState}`. */
export async function showCredentials(context: CommandContext, name: string): Promise<void> {
  const state = await withCredentials(context, (control) => control.show(name));
  context.console.print(draw(state));
  context.console.document({ credentials: state });
}

/** `sluice credentials refresh NAME`: the document is `{"credentials": CredentialsState}`. */
export async function refreshCredentials(context: CommandContext, name: string): Promise<void> {
  const state = await withCredentials(context, (control) => control.refresh(name));
  context.console.print(draw(state));
  context.console.document({ credentials: state });
}

function draw({ target, failure, ...state }: CredentialsState): string {
  const { secretsManager, keyVault } = target;
  const place = keyVault
    ? `Key Vault ${keyVault.url}, secret ${keyVault.secret}`
    : `Secrets Manager, secret ${secretsManager?.secretId ?? ''}`;
  const rows: [string, string | number | undefined][] = [
    ['credentials', state.name],
    ['state', state.state],
    ['role', state.roleArn],
    ['stored in', place],
    ['expiration', state.expiration],
    ['version', state.version],
    ['refreshed', state.refreshedAt],
    ['next refresh', state.refreshAt],
    ['refreshes', state.refreshes],
    ['workflow', state.workflowId],
    ['failing since', failure && `${failure.since}, ${failure.attempts} times`],
    ['failure', failure?.message],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(14)} ${value}`])).join('\n');
}
