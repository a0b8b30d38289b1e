import { benchDq } from './dq/bench-dq.js';

const benches: Record<string, () => Promise<void>> = { dq: benchDq };

const [name = ''] = process.argv.slice(2);
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (bench === undefined) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join('|')}`);
  process.exitCode = 2;
} else await bench();
