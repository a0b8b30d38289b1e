import { afterAll, beforeAll, expect, it } from 'vitest';
import { startHealthyEnvironment } from './healthy-environment.js';
import type { HealthyEnvironment } from './healthy-environment.js';

let healthy: HealthyEnvironment;
beforeAll(async () => {
  healthy = await startHealthyEnvironment();
});
afterAll(() => healthy.stop());

it('finds nothing to mend in a healthy environment', async () => {
  const checks = await healthy.examine();
  console.log(checks);
  expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
});
