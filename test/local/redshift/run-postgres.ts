import { startPostgres } from '../../../local/redshift/index.js';

/*
 * A program of its own, for tests that kill it or run it as another user: `<folder>` starts PostgreSQL there and waits;
 * `<folder> stop` starts and stops it. Prints the URL once it answers.
 */
const [folder = '', then] = process.argv.slice(2);
const server = await startPostgres({ folder, durable: false });
process.stdout.write(`${server.url}\n`);
if (then === 'stop') await server.stop();
else setInterval(() => undefined, 1_000);
