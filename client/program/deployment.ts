import type { Command } from 'commander';
import type { Define } from './define.js';

/** Adds `deploy-assets` and `doctor`. */
export function deploymentCommands(program: Command, define: Define): void {
  define(
    program,
    'deploy-assets',
    'Put the Glue scripts in S3, point the jobs at them, and bring the tables and procedures of the warehouse up to date',
    ['sluice deploy-assets --dry-run', 'sluice deploy-assets', 'sluice deploy-assets --leave dwh.customer.note --json'],
    async () => (await import('../commands/deploy-assets.js')).deployAssets
  )
    .option('--model <file>', 'warehouse.yaml (default: the one of the configuration)')
    .option('--dry-run', 'show what would be done, and change nothing')
    .option('--leave <column...>', 'columns (schema.table.column) that stay although the model does not have them');

  define(
    program,
    'doctor',
    'Check configuration, credentials, permissions, AWS, Temporal and versions; changes nothing, says what to mend',
    ['sluice doctor', 'sluice doctor --principal arn:aws:iam::123456789012:role/sluice-worker --json'],
    async () => (await import('../commands/doctor.js')).doctor
  )
    .option('--model <file>', 'warehouse.yaml (default: the one of the configuration)')
    .option('--principal <arn>', 'role or user of the workers, whose permissions are checked (default: your own)');
}
