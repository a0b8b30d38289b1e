import type { Command } from 'commander';
import type { Define } from './define.js';

/** Adds `credentials`. */
export function credentialsCommands(program: Command, define: Define): void {
  const credentials = program.command('credentials').description('Keep temporary AWS credentials fresh in one secret');
  define(
    credentials,
    'apply',
    'Start keeping the declared credentials fresh, and tell those that are of what has changed',
    ['sluice credentials apply', 'sluice credentials apply --prune --json'],
    async () => (await import('../commands/credentials.js')).applyCredentials
  ).option('--prune', 'end those of this task queue that are no longer declared; they go on until they expire');
  define(
    credentials,
    'list',
    'Show declared and running credentials: state, expiration, next refresh; never a secret',
    ['sluice credentials list', 'sluice credentials list --json'],
    async () => (await import('../commands/credentials.js')).listCredentials
  );
  define(
    credentials,
    'show <name>',
    'Show how credentials stand; never a secret',
    ['sluice credentials show databricks'],
    async () => (await import('../commands/credentials.js')).showCredentials
  );
  define(
    credentials,
    'refresh <name>',
    'Refresh credentials now and wait for it; ends with 1 when that fails, and the old ones stay',
    ['sluice credentials refresh databricks --json'],
    async () => (await import('../commands/credentials.js')).refreshCredentials
  );
}
