import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { gluePython } from '../../test/glue/spark-jobs.js';
import { pythonVenv } from '../../test/python-venv.js';
import { mavenJar } from './maven-jar.js';
import type { Measured } from './rules.js';
import { handWritten, rulesetOf } from './rules.js';
import { runCommand, runContestant } from './run-contestant.js';
import type { ContestantRun } from './run-contestant.js';

/** What is evaluated: rules over a Parquet file. */
export interface Task {
  readonly file: string;
  readonly rules: readonly Measured[];
  /** Evaluations after the first. */
  readonly warm: number;
}

/** Who evaluates. */
export interface Contestant {
  readonly by: string;
  /** Slow ones run in fewer rounds. */
  readonly slow: boolean;
  /** Whether it can say a rule. */
  says(rule: Measured): boolean;
  /** SQL of the number that it judges a rule by, where that is not the rule's metric. */
  value?(rule: Measured): string | undefined;
  run(task: Task): Promise<ContestantRun>;
}

const sluice = join(import.meta.dirname, '..', '..', 'dist', 'client', 'main.js');
const measure = join(import.meta.dirname, 'measure.mjs');
const peer = (name: string): string => join(import.meta.dirname, 'peers', name);

/** Whom the others are compared with. */
export const byHand = 'SQL by hand, DuckDB in Node';

const versions = { soda: '3.5.6', gx: '1.24.1', deequ: '2.1.0-spark-3.5', dqdl: '1.0.0' };

/** Sluice as a command and as a library, and SQL by hand; `folder` takes the rulesets. */
export function ownContestants(folder: string): Contestant[] {
  const says = (): boolean => true;
  const node = (task: Task, what: object): Promise<ContestantRun> =>
    runContestant(process.execPath, [measure, JSON.stringify({ file: task.file, warm: task.warm, ...what })]);
  return [
    { by: byHand, slow: false, says, run: (task) => node(task, { sql: handWritten(task.rules) }) },
    {
      by: 'Sluice, evaluate() in Node',
      slow: false,
      says,
      run: (task) => node(task, { ruleset: rulesetOf(task.rules) }),
    },
    {
      by: 'Sluice, sluice dq evaluate',
      slow: false,
      says,
      run: (task) => {
        const ruleset = join(folder, `${task.rules.length}.dqdl`);
        writeFileSync(ruleset, rulesetOf(task.rules));
        return runCommand(sluice, ['dq', 'evaluate', '--data', task.file, '--ruleset', ruleset]);
      },
    },
  ];
}

/** The peers that can be had on this machine; why one cannot is told on stderr. */
export async function peers(): Promise<Contestant[]> {
  return (await Promise.all([soda(), greatExpectations(), deequ()])).flat();
}

async function soda(): Promise<Contestant[]> {
  const bin = await pythonVenv([`soda-core-duckdb==${versions.soda}`]);
  if (bin === undefined) return [];
  return [
    {
      by: `Soda Core ${versions.soda} on DuckDB`,
      slow: false,
      says: (rule) => rule.soda !== undefined,
      value: (rule) => rule.soda?.value,
      run: ({ file, rules, warm }) => {
        const checks = rules
          .map(({ soda: check }, at) => ({ at, ...check }))
          .filter(({ check }) => check !== undefined);
        return runContestant(join(bin, 'python'), [
          peer('soda_scan.py'),
          JSON.stringify({ file, warm, rules: checks }),
        ]);
      },
    },
  ];
}

async function greatExpectations(): Promise<Contestant[]> {
  const bin = await pythonVenv([
    `great_expectations[sqlalchemy]==${versions.gx}`,
    ...['pyarrow', 'duckdb-engine', 'duckdb', 'pandas<3'],
  ]);
  if (bin === undefined) return [];
  return [
    {
      by: `Great Expectations ${versions.gx} on pandas`,
      slow: true,
      says: (rule) => rule.gx !== undefined,
      value: (rule) => rule.gx?.value,
      run: ({ file, rules, warm }) => {
        const said = rules.map(({ gx }, at) => ({ at, ...gx })).filter(({ expectation }) => expectation !== undefined);
        return runContestant(join(bin, 'python'), [
          peer('gx_validate.py'),
          JSON.stringify({ file, warm, rules: said }),
        ]);
      },
    },
  ];
}

async function deequ(): Promise<Contestant[]> {
  const python = await gluePython();
  if (python === undefined) return [];
  try {
    const jars = await Promise.all([
      mavenJar('com.amazon.deequ', 'deequ', versions.deequ),
      mavenJar('software.amazon.glue', 'dqdl', versions.dqdl),
    ]);
    return [
      {
        by: `deequ ${versions.deequ}, DQDL on Spark`,
        slow: true,
        says: () => true,
        run: ({ file, rules, warm }) => {
          const texts = rules.map(({ rule }) => rule);
          const task = { file, warm, jars, cores: cpus().length, ruleset: rulesetOf(rules), rules: texts };
          return runContestant(python, [peer('deequ_evaluate.py'), JSON.stringify(task)], {
            SPARK_LOCAL_IP: '127.0.0.1',
          });
        },
      },
    ];
  } catch (error) {
    process.stderr.write(`No deequ: ${(error as Error).message}\n`);
    return [];
  }
}
