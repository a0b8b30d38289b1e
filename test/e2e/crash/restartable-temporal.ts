import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { freePort } from '../../../local/process/ports.js';
import { findTemporalServer, startTemporalServer } from '../../../local/temporal/index.js';
import type { TemporalServer } from '../../../local/temporal/index.js';
import { searchAttributes } from '../../../model/elt-run.js';
import { descendants } from '../process-tree.js';

/** A Temporal server on a file and a port of its own, which can be killed and comes back with all that it knew. */
export class RestartableTemporal {
  readonly env: Readonly<Record<string, string>>;
  readonly client: Client;

  private constructor(
    private server: TemporalServer,
    private readonly connection: Connection,
    private readonly begin: () => Promise<TemporalServer>,
    private readonly port: number
  ) {
    this.env = { TEMPORAL_ADDRESS: server.address };
    this.client = new Client({ connection });
  }

  /** @param folder for the server's file */
  static async start(folder: string): Promise<RestartableTemporal> {
    const { TEMPORAL_ADDRESS: _address, ...env } = process.env;
    const onEvent = (): void => undefined;
    const executable = await findTemporalServer({ env, onEvent });
    const options = {
      executable,
      dataFile: join(folder, 'temporal.sqlite'),
      port: await freePort(),
      namespace: 'default',
      searchAttributes: Object.fromEntries(searchAttributes.map((name) => [name, 'Keyword' as const])),
      onEvent,
      env,
    };
    const server = await startTemporalServer(options);
    const connection = await Connection.connect({ address: server.address });
    return new RestartableTemporal(server, connection, () => startTemporalServer(options), options.port);
  }

  /** Kills the server by SIGKILL and starts it again. */
  async restart(): Promise<void> {
    const command = ` --port ${this.port} `;
    const [found] = descendants(process.pid).filter(
      (one) => one.command.includes(command) && !/^\S*sh -c/.test(one.command)
    );
    if (found === undefined) throw new Error('the Temporal server is not among this process’s descendants');
    process.kill(found.pid, 'SIGKILL');
    await this.server.exited;
    this.server = await this.begin();
  }

  async stop(): Promise<void> {
    await this.connection.close();
    await this.server.stop();
  }
}
