import type { Notification } from '../../activities/notifier.js';
import type { CredentialsStatus } from './types.js';

/** Where the credentials are put, for people. */
export function targetName({ target }: CredentialsStatus['declaration']): string {
  const { secretsManager, keyVault } = target;
  if (keyVault !== undefined) return `Key Vault ${keyVault.url} ${keyVault.secret}`;
  return `Secrets Manager ${secretsManager?.secretId ?? ''}`;
}

const lines = (facts: readonly (readonly [string, string | undefined])[]): string =>
  facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(12)}${value}`])).join('\n');

const headlines = {
  'not-refreshed': 'were not refreshed',
  expired: 'have expired',
  recovered: 'are fresh again',
} as const;

/** What is told of credentials; `execution` tells the alerts of one outage from those of another. */
export function credentialsNotification(
  kind: keyof typeof headlines,
  status: CredentialsStatus,
  execution: string
): Notification {
  const { name, declaration, expiration, version, failure, refreshes } = status;
  const what = `Credentials ${name} ${headlines[kind]}`;
  const toDo = [
    '',
    'What to do',
    '  mend what the message names; it is tried again every few minutes by itself',
    `  sluice credentials refresh ${name}    try now`,
    `  sluice credentials show ${name}       how they stand`,
  ];
  const facts = lines([
    ['Role', declaration.roleArn],
    ['Secret', targetName(declaration)],
    ['Expiration', expiration ?? 'there are none yet'],
    ['Message', failure?.message],
    ['Failing since', failure?.since],
  ]);
  return {
    group: 'credentials',
    kind: `credentials-${kind}`,
    dedupId: `${execution}/${refreshes}/${kind}`,
    subject: `Sluice: ${what.charAt(0).toLowerCase()}${what.slice(1)}`,
    body: [`${what}.`, '', facts, ...(kind === 'recovered' ? [] : toDo)].join('\n'),
    data: { name, roleArn: declaration.roleArn, expiration, version, failure },
  };
}
