import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseFaultScript, readFaultScript } from '../../../local/faults/index.js';
import { serviceNames } from '../../../local/faults/service-errors.js';
import { root, sluice } from '../../client/sluice.js';

const problemsOf = (text: string): string => {
  try {
    parseFaultScript(text, 'faults.yaml');
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the script was taken');
};

describe('a fault script', () => {
  it('is read from YAML and JSON', () => {
    const yaml = 'faults:\n  - { operation: glue.StartJobRun, calls: 2-, fault: throttle }\n';
    const faults = [{ operation: 'glue.StartJobRun', calls: '2-', fault: 'throttle' }];
    expect(parseFaultScript(yaml, 'faults.yaml')).toEqual(faults);
    expect(parseFaultScript(JSON.stringify({ faults }), 'faults.json')).toEqual(faults);
  });

  it('is refused with line, column and field of every problem', () => {
    const text = [
      'faults:',
      '  - operation: glue.StartJobrun',
      '    fault: throttle',
      '  - operation: lambda.Invoke',
      '    fault: throttle',
      '  - operation: glue.StartJobRun',
      '    fault: job-ends',
      '    state: ABORTED',
      '  - operation: s3.GetObject',
      '    fault: slow-job',
      '    seconds: 3',
      '  - operation: s3.GetObject',
      '    fault: at-capacity',
    ].join('\n');
    expect(problemsOf(text).split('\n')).toEqual([
      'The fault script faults.yaml is not usable:',
      '  2:16 faults[0].operation: glue has no operation "StartJobrun"; did you mean "StartJobRun"?',
      `  4:16 faults[1].operation: "lambda" is none of the services ${serviceNames.join(', ')}`,
      '  8:12 faults[2].state: not a state that it ends in: FAILED, STOPPED, TIMEOUT, ERROR, EXPIRED',
      expect.stringMatching(
        /^ {2}9:16 faults\[3\]\.operation: slow-job needs a call that starts a job: glue\.StartJobRun/
      ),
      '  13:12 faults[4].fault: s3.GetObject has no error for at-capacity: use fault: error',
    ]);
  });

  it.each([
    [
      'an unknown kind',
      'faults: [{ operation: "*", fault: throtle }]',
      /1:\d+ faults\[0\]\.fault: .*did you mean "throttle"/,
    ],
    [
      'no kind',
      'faults: [{ operation: "*" }]',
      /faults\[0\].*not a kind of fault; there is "throttle", "server-error"/,
    ],
    [
      'an unknown setting',
      'faults: [{ operation: "*", fault: throttle, seconds: 2 }]',
      /faults\[0\]\.seconds: .*no such/,
    ],
    [
      'call numbers that are none',
      'faults: [{ operation: "*", fault: throttle, calls: 0 }]',
      /calls: not call numbers/,
    ],
    ['a missing time', 'faults:\n  - operation: "*"\n    fault: delay', /2:5 faults\[0\]\.seconds/],
    ['broken YAML', 'faults: [\n', /2:1 /],
    ['nothing', '', /not usable/],
  ])('is refused for %s', (_what, text, message) => {
    expect(problemsOf(text)).toMatch(message);
  });

  it('is refused when there is no file', () => {
    expect(() => readFaultScript('/nowhere/faults.yaml')).toThrow('there is no such file');
  });

  it('ends `sluice up` with exit code 2 before anything is started', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-faults-'));
    const file = join(folder, 'faults.yaml');
    await writeFile(file, 'faults:\n  - { operation: s3.GetObjects, fault: throttle }\n');
    const { code, stderr } = await sluice(['up', '--faults', file]);
    expect(code, stderr).toBe(2);
    expect(stderr).toContain('2:18 faults[0].operation: s3 has no operation "GetObjects"');
    await rm(folder, { recursive: true });
  });

  it('stands in the documentation as one that can be used', () => {
    const text = readFileSync(join(root, 'docs', 'operate.md'), 'utf8');
    const [, example = ''] = /```yaml\n(faults:[^`]*)```/.exec(text) ?? [];
    expect(parseFaultScript(example, 'docs/operate.md').length).toBeGreaterThan(5);
  });
});
