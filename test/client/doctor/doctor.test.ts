import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecks } from '../../../client/doctor/run-checks.js';
import type { CheckResult } from '../../../client/doctor/check.js';
import { sluice } from '../sluice.js';
import { startHealthyEnvironment } from './healthy-environment.js';
import type { HealthyEnvironment } from './healthy-environment.js';
import { lastingMistakes, mistakes } from './mistakes.js';
import type { Mistake } from './mistakes.js';

let healthy: HealthyEnvironment;
beforeAll(async () => {
  healthy = await startHealthyEnvironment();
});
afterAll(() => healthy.stop());

const notOk = (checks: readonly CheckResult[]): CheckResult[] => checks.filter(({ status }) => status !== 'ok');

/** Holds findings against what a mistake has: no more, no less. */
function expectFound(findings: readonly CheckResult[], found: Mistake['found']): void {
  const said = Object.fromEntries(
    findings.map(({ name, status, message, fix = '' }) => [name, [status, `${message} ${fix}`]])
  );
  const expected = Object.entries(found).map(([name, [status, text]]) => [name, [status, expect.stringMatching(text)]]);
  expect(said).toEqual(Object.fromEntries(expected));
}

it('finds nothing to mend in a healthy environment, and only looks', async () => {
  const { faults } = healthy.environment;
  faults.set([{ operation: '*', fault: 'delay', seconds: 0 }]);
  const checks = await healthy.examine();
  const called = faults.injected().map(({ operation }) => operation);
  faults.clear();
  expect(notOk(checks)).toEqual([]);
  expect(checks.length).toBeGreaterThan(35);
  expect(called.length).toBeGreaterThan(10);
  const looks = /\.(Get|Head|Describe|List|Simulate)\w+$|^redshift-data\.ExecuteStatement$/;
  expect(called.filter((operation) => !looks.test(operation))).toEqual([]);
});

describe('as a command', () => {
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    sluice(['doctor', '--config', healthy.configFile, ...args], { env: { ...healthy.env, ...env } });

  it('ends with 0 and a document when all is well', async () => {
    const { code, document, stderr } = await run(['--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { checks } = document as { checks: CheckResult[] };
    expect(checks.find(({ name }) => name === 'dynamodb.pitr')).toEqual({
      name: 'dynamodb.pitr',
      status: 'ok',
      message: 'on, 35 days',
    });
  });

  it('ends with 2 without credentials, with what to do, and shows no secret', async () => {
    const webhook = 'http://hooks.example.com/services/very-secret-path';
    const { code, stdout, stderr, document } = await run(['--json'], {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      SLUICE_WEBHOOK_URL: webhook,
    });
    expect(code).toBe(2);
    const { checks, error } = document as { checks: CheckResult[]; error: { message: string } };
    const found = notOk(checks);
    expect(found.find(({ name }) => name === 'aws.credentials')).toMatchObject({
      status: 'fail',
      message: 'there are no AWS credentials',
      fix: expect.stringContaining('AWS_PROFILE'),
    });
    expect(found.find(({ name }) => name === 'dynamodb.table')).toMatchObject({ status: 'unknown' });
    expect(error.message).toBe('To be mended: aws.credentials, notifications.');
    expect(stdout + stderr).not.toContain('very-secret-path');
  });

  it('ends with 1 when something could not be looked at', async () => {
    healthy.environment.faults.set([{ operation: 'glue.GetDatabase', fault: 'server-error' }]);
    const { code, stdout, stderr } = await run([]);
    healthy.environment.faults.clear();
    expect(code).toBe(1);
    expect(stdout).toContain('? glue.catalog: not checked: InternalServiceException');
    expect(stdout).toContain('✔ glue.connection: warehouse');
    expect(stderr).toContain('Could not be checked: glue.catalog.');
  });
});

it('does not wait for a check that never ends', async () => {
  const endless = { names: ['a', 'b'], limitMs: 20, run: () => new Promise<never>(() => undefined) };
  const results = await runChecks([endless], true);
  const outcome = { status: 'unknown', message: 'not checked: no answer within 0.02 s' };
  expect(results).toEqual([
    { name: 'a', ...outcome },
    { name: 'b', ...outcome },
  ]);
});

async function examine({ seed, examination = {}, faults = [] }: Mistake): Promise<CheckResult[]> {
  const seeded = await seed?.(healthy);
  healthy.environment.faults.set(faults);
  try {
    return notOk(await healthy.examine({ ...examination, ...seeded }));
  } finally {
    healthy.environment.faults.clear();
  }
}

const withFaults = mistakes.filter(({ faults }) => faults !== undefined);

describe.each(withFaults)('in answers: $what', (mistake) => {
  it('is found, and nothing else', async () => expectFound(await examine(mistake), mistake.found));
});

it('finds each mistake in variables and files, and nothing else', async () => {
  const others = mistakes.filter((mistake) => !withFaults.includes(mistake));
  const waiting = [...others];
  const found: { what: string; findings: CheckResult[]; wanted: Mistake['found'] }[] = [];
  const examineNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { what, seed, examination = {}, found: wanted } = next;
      const checks = await healthy.examine({ ...examination, ...(await seed?.(healthy)) });
      found.push({ what, findings: notOk(checks), wanted });
    }
  };
  await Promise.all([1, 2, 3].map(examineNext)); // the one that waits for Temporal shall not hold up the others
  expect(found).toHaveLength(others.length);
  for (const { what, findings, wanted } of found) {
    try {
      expectFound(findings, wanted);
    } catch (error) {
      throw new Error(what, { cause: error });
    }
  }
});

it('finds each mistake that is made on AWS', async () => {
  let before: CheckResult[] = [];
  const key = (result: CheckResult): string => JSON.stringify(result);
  for (const mistake of lastingMistakes) {
    const now = await examine(mistake);
    const known = new Set(before.map(key));
    expectFound(
      now.filter((result) => !known.has(key(result))),
      mistake.found
    );
    before = now;
  }
});
