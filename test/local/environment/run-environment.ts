import { join } from 'node:path';
import pg from 'pg';
import { startEnvironment } from '../../../local/environment/index.js';
import { loadConfiguration } from '../../../model/configuration.js';
import { compile, loadModel } from '../../../model/index.js';

/*
 * Run by the tests as a process of its own: starts an environment, writes an item and a row, prints the environment as
 * one line and stays until SIGTERM.
 */
const model = join(import.meta.dirname, '../../../examples/ecommerce/warehouse.yaml');
const environment = await startEnvironment({
  plan: compile(loadModel(model)),
  deployment: loadConfiguration({ env: {} }).deployment,
  kind: 'up',
  dataFolder: process.argv[2],
  onEvent: () => undefined,
});
process.once('SIGTERM', () => void environment.stop().then(() => process.exit(0)));
await environment.loadItems([{ PK: { S: 'CUST#ann' }, SK: { S: 'CUST#ann' }, type: { S: 'customer' } }]);
const client = new pg.Client({ connectionString: environment.warehouse });
await client.connect();
await client.query(`CREATE TABLE written AS SELECT 'committed' AS word`);
await client.end();
const { env, warehouse, data } = environment;
console.log(JSON.stringify({ env, warehouse, data }));
