import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../project-files.js';
import { fail, ok } from './check.js';
import type { Check } from './check.js';

/** True when a version is the least one or later; both are like `20.19.0`, with or without a `v`. */
function reaches(version: string, least: string): boolean {
  const numbers = (text: string): number[] => text.replace(/^v/, '').split('.').map(Number);
  const [given, wanted] = [numbers(version), numbers(least)];
  for (const [index, part] of wanted.entries()) {
    const difference = (given[index] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Node's version, against the one that package.json asks for. */
export function nodeCheck(version: string): Check {
  return {
    names: ['node'],
    run() {
      const { engines } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as {
        engines: { node: string };
      };
      const least = engines.node.replace(/^>=\s*/, '');
      return Promise.resolve({
        node: reaches(version, least)
          ? ok(version)
          : fail(`Node ${version} is too old`, `Install Node ${least} or later.`),
      });
    },
  };
}
