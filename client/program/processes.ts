import type { Command } from 'commander';
import { workerQueues } from '../../model/task-queues.js';
import { gathered, portNumber, positiveInteger, queueList } from './arguments.js';
import type { Define } from './define.js';

/** Adds `demo`, `up`, `down`, `worker` and `codec-server`: what starts processes. */
export function processCommands(program: Command, define: Define): void {
  define(
    program,
    'demo',
    'Run the whole ELT on this machine: local AWS, Temporal server with Web UI, worker, sample data',
    ['sluice demo', 'sluice demo --scale 20000 --keep', 'sluice demo --items items.jsonl.gz --json'],
    async () => (await import('../commands/demo.js')).demo
  )
    .option('--items <file>', 'items to load, {"Item": {…}} in DynamoDB JSON a line, plain or gzip')
    .option('--scale <n>', 'number of sample items to generate', positiveInteger, 5000)
    .option('--model <file>', 'warehouse.yaml (default: the ecommerce example)')
    .option('--keep', 'leave everything running until interrupted');

  define(
    program,
    'up',
    'Start the local AWS, a Temporal server and a worker, and keep them running until `sluice down` or Ctrl-C',
    ['sluice up', 'sluice up --data ./data --port 4566 --no-worker', 'sluice up --json | tee environment.json'],
    async () => (await import('../commands/up.js')).up
  )
    .option('--no-worker', 'leave the worker out, to run it by `sluice worker`')
    .option('--data <folder>', 'folder that keeps the data over a restart (default: a temporary one)')
    .option('--host <address>', 'address that the AWS endpoint listens on', '127.0.0.1')
    .option('--allow-host <name...>', "names besides this machine's that requests to it may use, for containers")
    .option('--port <n>', 'port of the AWS endpoint (default: a free one)', portNumber)
    .option('--warehouse <url>', 'existing PostgreSQL to use as the warehouse (default: one of its own)')
    .option('--faults <file>', 'script of faults that the local AWS injects: docs/operate.md has an example')
    .option('--model <file>', 'warehouse.yaml (default: the ecommerce example)');

  define(
    program,
    'down',
    'Stop what `sluice up` runs',
    ['sluice down', 'sluice down --data ./data'],
    async () => (await import('../commands/down.js')).down
  ).option('--data <folder>', 'data folder of the environment to stop (default: all of this user)');

  define(
    program,
    'worker',
    'Run the worker: SIGTERM drains it, a second one ends it at once',
    ['sluice worker', 'TEMPORAL_ADDRESS=temporal:7233 sluice worker --config sluice.yaml'],
    async () => (await import('../commands/worker.js')).worker
  ).option('--queues <list>', `task queues to serve: ${workerQueues.join(', ')} (default: all)`, queueList);

  define(
    program,
    'codec-server',
    'Serve the decryption of payloads to the Temporal Web UI and CLI, with the keys of SLUICE_PAYLOAD_KEY',
    ['sluice codec-server', 'sluice codec-server --port 8081 --ui-origin https://temporal.example'],
    async () => (await import('../commands/codec-server.js')).codecServer
  )
    .option('--host <address>', 'address to listen on; one that others reach needs SLUICE_CODEC_TOKEN', '127.0.0.1')
    .option('--port <n>', 'port to listen on', portNumber, 8081)
    .option('--ui-origin <url>', 'origin of a Web UI that may call it; can be repeated', gathered, [])
    .option(
      '--allow-host <name>',
      "name besides this machine's that requests may be for; can be repeated",
      gathered,
      []
    );
}
