import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { gluePython } from './spark-jobs.js';

const run = promisify(execFile);
const python = await gluePython();

describe.skipIf(python === undefined)('glue/tests', () => {
  it('pass under pytest', async () => {
    const cwd = resolve(import.meta.dirname, '../../glue');
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    const args = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'tests'];
    const { stdout } = await run(python ?? '', args, { cwd, env }).catch((error: { stdout?: string }) => {
      throw new Error(error.stdout);
    });
    expect(stdout).toMatch(/\d+ passed/);
    expect(stdout).not.toMatch(/skipped|xfailed/);
  });
});
