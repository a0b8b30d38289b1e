/** Sluice's parser as it was built, measured as ParseRate.java measures the official one. */
import { readFileSync } from 'node:fs';
import { DqdlSyntaxError, parse } from '../../dist/quality/index.js';

const [file, warmUp, rounds, seconds] = process.argv.slice(2);
const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
const rulesets = lines.map((line) => Buffer.from(line, 'base64').toString('utf8'));

function accepts(ruleset) {
  try {
    parse(ruleset);
    return true;
  } catch (error) {
    if (error instanceof DqdlSyntaxError) return false;
    throw error;
  }
}

function rate(limit) {
  const start = performance.now();
  let parsed = 0;
  do {
    for (const ruleset of rulesets) accepts(ruleset);
    parsed += rulesets.length;
  } while (performance.now() - start < limit * 1000);
  return parsed / ((performance.now() - start) / 1000);
}

const verdicts = rulesets.map((ruleset) => (accepts(ruleset) ? '1' : '0')).join('');
rate(Number(warmUp));
const rates = Array.from({ length: Number(rounds) }, () => rate(Number(seconds)));
console.log(JSON.stringify({ verdicts, rates }));
