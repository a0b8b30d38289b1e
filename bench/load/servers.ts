import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import getPort from 'get-port';
import { cacheFolder } from '../../local/process/user-folders.js';
import { pythonVenv } from '../../test/python-venv.js';

const dynamodbLocal = '2.6.1';
const moto = '5.2.5';

/** A DynamoDB of somebody else's. */
export interface Peer {
  /** With its version. */
  readonly by: string;
  /** The part of the items that it is given: slow ones would take hours otherwise. */
  readonly share: number;
  /** The command that serves it on a port; undefined where it cannot be installed. */
  command(port: number): Promise<readonly string[] | undefined>;
}

/** The peers, all in memory as they are by default. */
export const peers: readonly Peer[] = [
  {
    by: `DynamoDB Local ${dynamodbLocal}`,
    share: 1 / 10,
    command: async (port: number): Promise<readonly string[] | undefined> => {
      const lib = await mavenLibrary('com.amazonaws', 'DynamoDBLocal', dynamodbLocal);
      if (lib === undefined) return undefined;
      const main = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner';
      const options = ['-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port)];
      return ['java', `-Djava.library.path=${lib}`, '-cp', join(lib, '*'), main, ...options];
    },
  },
  {
    by: 'dynalite 4.0.0',
    share: 1 / 30,
    command: (port: number): Promise<readonly string[]> => {
      const cli = join(dirname(createRequire(import.meta.url).resolve('dynalite/package.json')), 'cli.js');
      const options = ['--host', '127.0.0.1', '--createTableMs', '0', '--port', String(port)];
      return Promise.resolve([process.execPath, cli, ...options]);
    },
  },
  {
    by: `moto server ${moto}`,
    share: 1 / 300,
    command: async (port: number): Promise<readonly string[] | undefined> => {
      const bin = await pythonVenv([`moto[server,dynamodb]==${moto}`]);
      return bin === undefined ? undefined : [join(bin, 'moto_server'), '-H', '127.0.0.1', '-p', String(port)];
    },
  },
];

/** A folder with the jars of a library and of what it needs, from Maven Central, once per version. */
async function mavenLibrary(group: string, artifact: string, version: string): Promise<string | undefined> {
  const folder = join(cacheFolder(), `${artifact.toLowerCase()}-${version}`);
  const lib = join(folder, 'lib');
  if (
    await access(lib).then(
      () => true,
      () => false
    )
  )
    return lib;
  const made = `${folder}.${process.pid}`;
  try {
    await mkdir(made, { recursive: true });
    const wanted = `<groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>`;
    const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
      <groupId>bench</groupId><artifactId>bench</artifactId><version>1</version>
      <dependencies><dependency>${wanted}</dependency></dependencies></project>`;
    await writeFile(join(made, 'pom.xml'), pom);
    const goals = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${join(made, 'lib')}`];
    await promisify(execFile)('mvn', goals, { cwd: made, timeout: 300_000 });
    await rename(made, folder);
    return lib;
  } catch (error) {
    console.error(`No ${artifact} ${version}: ${(error as Error).message}`);
    return undefined;
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

/** A peer that answers. */
export interface PeerServer {
  readonly client: DynamoDBClient;
  /** Peak resident memory so far, MiB. */
  peak(): number;
  stop(): Promise<void>;
}

/** Starts a peer, whose log goes nowhere. Undefined where it cannot be installed. */
export async function startPeer(peer: Peer): Promise<PeerServer | undefined> {
  const port = await getPort({ host: '127.0.0.1' });
  const [program, ...args] = (await peer.command(port)) ?? [];
  if (program === undefined) return undefined;
  const cwd = await mkdtemp(join(tmpdir(), 'sluice-bench-peer-'));
  const child = spawn(program, args, { cwd, stdio: 'ignore' });
  const ended = once(child, 'close');
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'sluice', secretAccessKey: 'sluice' },
  });
  const stop = async (): Promise<void> => {
    client.destroy();
    child.kill('SIGTERM');
    await ended;
    await rm(cwd, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + 120_000; ; await setTimeout(100)) {
    const answers = await client.send(new ListTablesCommand({})).then(
      () => true,
      () => false
    );
    if (answers) break;
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`${peer.by} does not answer`);
    }
  }
  return { client, peak: () => peakOf(child.pid), stop };
}

function peakOf(pid: number | undefined): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
