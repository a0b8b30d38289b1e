import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { mavenJar } from '../dq/maven-jar.js';
import { rulesFor, rulesetOf } from '../dq/rules.js';
import { publish } from '../report/report.js';

const run = promisify(execFile);
const here = import.meta.dirname;
const cases = join(here, '..', '..', '..', 'shared', 'dqdl', 'parse-cases.jsonl');

const version = '1.0.0';
/** The official parser's artifact and what it needs. */
const artifacts = [
  ['software.amazon.glue', 'dqdl', version],
  ['org.antlr', 'antlr4-runtime', '4.7'],
  ['com.fasterxml.jackson.core', 'jackson-databind', '2.12.7.1'],
  ['com.fasterxml.jackson.core', 'jackson-core', '2.12.7'],
  ['com.fasterxml.jackson.core', 'jackson-annotations', '2.12.7'],
  ['org.slf4j', 'slf4j-api', '2.0.16'],
] as const;

/** A ruleset, and whether the latest official parser accepts it where that is known. */
interface Case {
  readonly ruleset: string;
  readonly valid?: boolean;
}

interface Parsed {
  /** `1` or `0` for each ruleset: accepted or not. */
  readonly verdicts: string;
  /** Rulesets per second of each round. */
  readonly rates: readonly number[];
}

const seconds = { warmUp: 4, round: 1 };

/**
 * Rulesets per second of Sluice's parser and of the official one, each in one process, after a warm-up.
 * @throws Error when they do not accept the same rulesets.
 */
export async function benchDqdlParse({ rounds, json }: { rounds: number; json: boolean }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  try {
    const jars = await Promise.all(artifacts.map(([group, artifact, release]) => mavenJar(group, artifact, release)));
    const official = (file: string, count: number, warmUp: number): Promise<Parsed> =>
      parsed('java', ['-cp', jars.join(delimiter), join(here, 'ParseRate.java'), file, String(warmUp)], count);
    const corpus = corpusFile(join(folder, 'all'), [...conformanceCases(), ...generatedCases()]);
    // The published parser is older than the conformance cases: where it is not of one mind with them, the language grew.
    const { verdicts } = await official(corpus.file, 0, 0);
    const agreed = corpus.cases.filter(({ valid }, at) => valid === undefined || valid === (verdicts[at] === '1'));
    const { file } = corpusFile(join(folder, 'agreed'), agreed);
    const java = await official(file, rounds, seconds.warmUp);
    const own = await parsed(process.execPath, [join(here, 'parse-rate.mjs'), file, String(seconds.warmUp)], rounds);
    const differing = agreed.filter((_, at) => java.verdicts[at] !== own.verdicts[at]);
    if (differing.length > 0)
      throw new Error(`Verdicts differ:\n${differing.map(({ ruleset }) => ruleset).join('\n')}`);
    const accepted = [...own.verdicts].filter((verdict) => verdict === '1').length;
    publish(
      {
        bench: 'dqdl-parse',
        title: `Parsing ${agreed.length} DQDL rulesets, ${accepted} of them valid, in one thread`,
        columns: ['rulesets/s'],
        reference: { by: `awslabs/dqdl ${version} in Java`, columns: ['rulesets/s'] },
        measured: [
          { by: `awslabs/dqdl ${version} in Java`, samples: { 'rulesets/s': java.rates } },
          { by: 'Sluice', samples: { 'rulesets/s': own.rates } },
        ],
        notes: [
          `The official conformance cases and generated rulesets of 1 to 55 rules, whole and cut off. Both parsers accept and reject the same; ${corpus.cases.length - agreed.length} cases are left out, which ${version}, the published version, judges otherwise than the later one that the cases are from.`,
          `${rounds} rounds of ${seconds.round} s after ${seconds.warmUp} s of warm-up. A ratio above 1 is faster.`,
        ],
      },
      json
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function parsed(command: string, args: readonly string[], rounds: number): Promise<Parsed> {
  const { stdout } = await run(command, [...args, String(rounds), String(seconds.round)]);
  return JSON.parse(stdout) as Parsed;
}

function corpusFile(file: string, all: readonly Case[]): { readonly file: string; readonly cases: readonly Case[] } {
  writeFileSync(file, all.map(({ ruleset }) => `${Buffer.from(ruleset).toString('base64')}\n`).join(''));
  return { file, cases: all };
}

function conformanceCases(): Case[] {
  if (!existsSync(cases)) throw new Error(`${cases} is missing`);
  const lines = readFileSync(cases, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Case).filter(({ ruleset }) => ruleset !== '');
}

function generatedCases(): Case[] {
  const rules = rulesFor(1_000_000);
  return rules.flatMap((_, index): Case[] => {
    const ruleset = rulesetOf(rules.slice(0, index + 1));
    return [{ ruleset }, { ruleset: ruleset.slice(0, Math.floor(ruleset.length * 0.75)) }];
  });
}
