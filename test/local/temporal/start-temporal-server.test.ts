import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, PortError } from '../../../local/process/ports.js';
import { findTemporalServer, startTemporalServer, TemporalStartError } from '../../../local/temporal/index.js';
import type { StartTemporalOptions, TemporalExecutable, TemporalServer } from '../../../local/temporal/index.js';
import { eventually, processesWith } from '../process/process-group.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice temporal '));
const started: TemporalServer[] = [];
let executable: TemporalExecutable;

beforeAll(async () => {
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  executable = await findTemporalServer({ env, onEvent: (line) => process.stderr.write(`${line}\n`) });
});
afterAll(async () => {
  await Promise.all(started.map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<StartTemporalOptions> = {}): Promise<TemporalServer> {
  const server = await startTemporalServer({
    executable,
    namespace: 'default',
    searchAttributes: { SluiceTable: 'Keyword', SluiceStage: 'Keyword' },
    onEvent: () => undefined,
    ...options,
  });
  started.push(server);
  return server;
}

async function withClient<Result>(
  server: TemporalServer,
  work: (client: Client) => Promise<Result>,
  namespace = 'default'
): Promise<Result> {
  const connection = await Connection.connect({ address: server.address });
  try {
    return await work(new Client({ connection, namespace }));
  } finally {
    await connection.close();
  }
}

async function portInUse(): Promise<{ port: number; free: () => Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    free: async () => void (await once(server.close(), 'close')),
  };
}

describe('startTemporalServer', () => {
  it('runs with Web UI, namespace and search attributes, two at a time, and leaves nothing behind', async () => {
    const [server, other] = await Promise.all([start({ namespace: 'sluice' }), start()]);
    expect(server.address).not.toBe(other.address);
    expect(server.address).toMatch(/^127\.0\.0\.1:\d+$/);
    const page = await fetch(server.uiUrl ?? '');
    expect(await page.text()).toContain('svelte');
    const attributes = await withClient(server, async ({ connection }) => {
      await connection.workflowService.describeNamespace({ namespace: 'sluice' });
      return (connection as Connection).operatorService.listSearchAttributes({ namespace: 'sluice' });
    });
    expect(attributes.customAttributes).toMatchObject({ SluiceTable: 2, SluiceStage: 2 });

    await Promise.all([server.stop(), server.stop()]);
    expect(await server.exited).toBe(0);
    const port = server.address.split(':')[1] ?? '';
    expect(existsSync('/proc/self') ? processesWith(`--port ${port} `) : []).toEqual([]);
    await expect(Connection.connect({ address: server.address, connectTimeout: 300 })).rejects.toThrow();
    await withClient(other, ({ connection }) => connection.workflowService.describeNamespace({ namespace: 'default' }));
  });

  it('keeps workflows over a restart when it has a data file', async () => {
    const dataFile = join(folder, 'temporal.sqlite');
    const first = await start({ dataFile });
    await withClient(first, (client) =>
      client.workflow.start('elt', {
        workflowId: 'kept',
        taskQueue: 'nobody',
        typedSearchAttributes: [{ key: { name: 'SluiceTable', type: 'KEYWORD' }, value: 'ecommerce' }],
      })
    );
    await first.stop();
    const second = await start({ dataFile });
    const kept = await withClient(second, (client) => client.workflow.getHandle('kept').describe());
    expect(kept.status.name).toBe('RUNNING');
    await second.stop();
  });

  it('says which asked-for port is in use', async () => {
    const { port, free } = await portInUse();
    await expect(start({ port })).rejects.toMatchObject({ name: 'PortError', port, purpose: 'the Temporal server' });
    const failure = await start({ uiPort: port }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PortError);
    expect((failure as PortError).message).toMatch(/Web UI is in use/);
    await free();
    const server = await start({ port });
    expect(server.address).toBe(`127.0.0.1:${port}`);
  });

  it('tries other ports when another process wins the race for the free one', async () => {
    // The first start says what the real one says when its port is taken, the next one is the real one.
    const script = join(folder, 'unlucky');
    const real = executable.kind === 'file' ? executable.file : '';
    const body = `[ -e "$0.tried" ] && exec '${real}' "$@"; : > "$0.tried"; echo "listen tcp: address already in use"; exit 1`;
    writeFileSync(script, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    const lines: string[] = [];
    const server = await start({
      executable: { kind: 'file', file: script, serverVersion: '1.29.1' },
      onEvent: (line) => lines.push(line),
    });
    expect(lines).toEqual(['Temporal: another process took the port first; trying another one']);
    await server.stop();
  });

  it('shows the log of a server that does not come up', async () => {
    const broken = join(folder, 'broken');
    writeFileSync(broken, '#!/bin/sh\necho "unable to open database file" >&2\nexit 1\n', { mode: 0o755 });
    const failure = await start({ executable: { kind: 'file', file: broken, serverVersion: '1.29.1' } }).catch(
      (error: unknown) => error
    );
    expect(failure).toBeInstanceOf(TemporalStartError);
    expect((failure as Error).message).toMatch(/ended with code 1 .*\nunable to open database file/);
  });

  it('tells when the server dies', async () => {
    const server = await start();
    const port = server.address.split(':')[1] ?? '';
    const [victim] = processesWith(`--port ${port} `).filter(({ command }) => !command.includes('sluice-guard'));
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    expect(await server.exited).toBe(137);
    expect(processesWith(`--port ${port} `)).toEqual([]);
  });

  it('uses a server that runs already, adds the search attributes it lacks, and leaves it running', async () => {
    const port = await freePort();
    const own = await start({ port, uiPort: port + 1000 }); // where `temporal server start-dev` has it by default
    const used = await start({
      executable: { kind: 'server', address: own.address },
      searchAttributes: { SluiceTable: 'Keyword', SluiceVerdict: 'Keyword' },
    });
    expect(used).toMatchObject({ address: own.address, uiUrl: own.uiUrl });
    await used.stop();
    const attributes = await withClient(own, ({ connection }) =>
      (connection as Connection).operatorService.listSearchAttributes({ namespace: 'default' })
    );
    expect(attributes.customAttributes).toMatchObject({ SluiceVerdict: 2 });
    const found = await findTemporalServer({ env: { TEMPORAL_ADDRESS: own.address }, onEvent: () => undefined });
    expect(found).toEqual({ kind: 'server', address: own.address });
    await expect(start({ executable: found, namespace: 'elsewhere' })).rejects.toThrow(
      /no namespace "elsewhere".*temporal operator namespace create -n elsewhere/
    );
  });

  it('goes with its process when that is killed', async () => {
    const module = pathToFileURL(resolve(import.meta.dirname, '../../../local/temporal/index.ts')).href;
    const script = `
      const { startTemporalServer } = await import(${JSON.stringify(module)});
      const server = await startTemporalServer({ executable: ${JSON.stringify(executable)}, namespace: 'default',
        searchAttributes: {}, onEvent() {} });
      console.log(server.address);
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [address] = (await once(parent.stdout, 'data')) as [Buffer];
    const port = address.toString().trim().split(':')[1] ?? '';
    expect(processesWith(`--port ${port} `).length).toBeGreaterThan(0);
    parent.kill('SIGKILL');
    await eventually(() => processesWith(`--port ${port} `).length === 0, 'server and guard gone', 10_000);
  });
});
