import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigurationError, loadConfiguration } from '../../model/configuration.js';

describe('loadConfiguration', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'sluice configuration-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const write = (text: string): string => {
    const file = join(folder, 'sluice.yaml');
    writeFileSync(file, text);
    return file;
  };
  const problemsOf = (file: string, env: NodeJS.ProcessEnv = {}): string[] => {
    try {
      loadConfiguration({ file, env });
    } catch (error) {
      if (error instanceof ConfigurationError) return error.problems.map(({ path }) => path);
      throw error;
    }
    return [];
  };

  it('makes a worker a version of a deployment only when told to, by the file or the environment', () => {
    const worker = (text: string, env: NodeJS.ProcessEnv = {}) => loadConfiguration({ file: write(text), env }).worker;
    expect(worker('taskQueue: q\n')).toEqual({ redshift: { activitiesPerSecond: 20 } });
    expect(worker('worker: { buildId: v7 }\n')).toMatchObject({ deployment: 'sluice', buildId: 'v7' });
    const env = { SLUICE_DEPLOYMENT: 'dwh', SLUICE_BUILD_ID: '1.2.3' };
    expect(worker('worker: { deployment: file, buildId: v7, redshift: { activitiesPerSecond: 5 } }\n', env)).toEqual({
      deployment: 'dwh',
      buildId: '1.2.3',
      redshift: { activitiesPerSecond: 5 },
    });
    expect(problemsOf(write('worker: { deployment: a.b }\n'))).toEqual(['worker.deployment']);
    expect(problemsOf(write('worker: { redshift: { activitiesPerSecond: -1 } }\n'))).toEqual([
      'worker.redshift.activitiesPerSecond',
    ]);
    expect(problemsOf(write('taskQueue: q\n'), { SLUICE_BUILD_ID: 'a:b' })).toEqual(['SLUICE_BUILD_ID']);
  });

  it('has a default for every setting', () => {
    const { deployment, taskQueue, model } = loadConfiguration({ env: {} });
    expect(taskQueue).toBe('sluice');
    expect(model).toMatch(/warehouse\.yaml$/);
    expect(deployment).toEqual({
      buckets: {
        raw: 'sluice-raw',
        lake: 'sluice-lake',
        rawArchive: 'sluice-raw-archive',
        lakeArchive: 'sluice-lake-archive',
        quality: 'sluice-quality',
      },
      redshift: { workgroup: 'sluice', database: 'salesdwh' },
      glue: { connection: 'warehouse', catalogDatabase: 'sluice_lake' },
    });
  });

  it('takes an empty file as all defaults', () => {
    expect(loadConfiguration({ file: write('# nothing yet\n'), env: {} }).taskQueue).toBe('sluice');
  });

  it('reads a provisioned cluster and resolves the model beside the file', () => {
    const file = write('model: my/warehouse.yaml\nredshift: { cluster: dwh-1, database: sales, dbUser: loader }\n');
    const { model, deployment } = loadConfiguration({ file, env: {} });
    expect(model).toBe(join(folder, 'my', 'warehouse.yaml'));
    expect(deployment.redshift).toEqual({ cluster: 'dwh-1', database: 'sales', dbUser: 'loader' });
  });

  it('lets the environment win, a workgroup also over a cluster', () => {
    const file = write('redshift: { cluster: dwh-1, database: sales, dbUser: loader }\n');
    const env = { SLUICE_WORKGROUP: 'other', SLUICE_DATABASE: 'elsewhere' };
    expect(loadConfiguration({ file, env }).deployment.redshift).toEqual({ workgroup: 'other', database: 'elsewhere' });
  });

  it('lists every problem with its path', () => {
    const file = write(
      'buckets: { raw: Not_A_Bucket, lakes: x }\nredshift: { workgroup: ab, database: "a b", dbUser: me }\ntaskqueue: q\n'
    );
    expect(problemsOf(file).sort()).toEqual([
      'buckets.lakes',
      'buckets.raw',
      'redshift.database',
      'redshift.dbUser',
      'redshift.workgroup',
      'taskqueue',
    ]);
  });

  it('refuses a workgroup beside a cluster and a user without a cluster', () => {
    expect(problemsOf(write('redshift: { workgroup: abc, cluster: dwh }\n'))).toEqual(['redshift.cluster']);
    expect(problemsOf(write('redshift: { dbUser: me }\n'))).toEqual(['redshift.dbUser']);
  });

  it('names the variable when the environment is at fault', () => {
    expect(problemsOf(write('taskQueue: q\n'), { SLUICE_DATABASE: 'a;b' })).toEqual(['SLUICE_DATABASE']);
    const long = { SLUICE_TASK_QUEUE: 'q'.repeat(201) };
    expect(problemsOf(write('taskQueue: q\n'), long)).toEqual(['SLUICE_TASK_QUEUE']);
    expect(loadConfiguration({ file: write('taskQueue: q\n'), env: { SLUICE_TASK_QUEUE: 'other' } }).taskQueue).toBe(
      'other'
    );
  });

  it('says where the YAML is broken, and that a file is missing', () => {
    expect(() => loadConfiguration({ file: write('model: a\nmodel: b\n'), env: {} })).toThrow(/line 2, column 1/);
    expect(() => loadConfiguration({ file: join(folder, 'absent.yaml'), env: {} })).toThrow(/no such file/);
  });
});
