import { tableOf } from './report.js';
import type { PublishedResult } from './report.js';

/** A question that a bench answers. */
interface Section {
  readonly heading: string;
  /** What is asked, and how it is made comparable. */
  readonly text: string;
  /** What follows `npm run bench --`. */
  readonly command: string;
  /** Its results are those of this name, and those whose name goes on with `-`. */
  readonly results: string;
}

const sections: readonly Section[] = [
  {
    heading: 'ELT end to end',
    text: 'From an export in S3 to a loaded star on the local engines. Every contestant reads the same gzipped files, loads the same PostgreSQL server and ends with the same fact rows and revenue, or the bench fails. Sluice verifies the manifest, writes the lake and records the run besides. Bare DuckDB is the lower bound: gz JSON → Parquet → CSV, `COPY` and the star in SQL, with nothing around it.',
    command: 'elt',
    results: 'elt',
  },
  {
    heading: 'The star in SQL',
    text: 'Staging and dwh alone: the procedures that Sluice emits beside SQL written by hand for the same tables.',
    command: 'star',
    results: 'star',
  },
  {
    heading: 'Local DynamoDB',
    text: 'Loading a table through the API and exporting it. What has no export is scanned into gzipped files instead.',
    command: 'load',
    results: 'load',
  },
  {
    heading: 'Orchestration overhead',
    text: 'What a run takes besides its jobs: wall time over the critical path, Temporal actions and events, next to the polls of the design that Sluice started from and to Airflow’s defaults.',
    command: 'overhead',
    results: 'overhead',
  },
  {
    heading: 'Throughput',
    text: 'Small pipelines at the same time on one worker.',
    command: 'throughput',
    results: 'throughput',
  },
  {
    heading: 'Archive',
    text: 'Moving objects within one S3 endpoint. Sluice looks at each object before and after its copy, deletes only what was verified, writes a manifest and can go on after a crash; `aws s3 mv` does none of that, rclone compares sizes and hashes.',
    command: 'archive',
    results: 'archive',
  },
  {
    heading: 'Data quality',
    text: 'DQDL rules over taxi-like Parquet, in a new process (cold) and again in the same (warm). Rules that a peer cannot express are left out of its figures and counted. Spark has as many shuffle partitions as cores and a heap of 6 GB, which is kinder to deequ than its defaults.',
    command: 'dq',
    results: 'dq',
  },
  {
    heading: 'Parsing DQDL',
    text: 'The same corpus through Sluice’s parser and the official one, verdicts compared first.',
    command: 'dqdl-parse',
    results: 'dqdl-parse',
  },
  { heading: 'Start-up and size', text: 'How long commands take to start.', command: 'startup', results: 'startup' },
];

const introduction = `# Performance

Made by \`npm run bench -- document\` from \`bench/results\`; do not edit. Each figure is the median of the rounds; ×
is the ratio to the row that says 1.00. All contestants of a table ran in turns in one run on one machine: compare within
a table, not across. The JSON files have every sample.

To repeat one: \`npm ci && npm run build\`, then the command below it on a machine with nothing else to do. Peers install
themselves into a cache outside the checkout. What was profiled and changed is in the decisions 0074 to 0082.
`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

function tableText(result: PublishedResult): string {
  const { head, rows } = tableOf(result);
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  const rule = line(head.map((_, index) => (index === 0 ? '---' : '---:')));
  return [line(head), rule, ...rows.map(line)].join('\n');
}

function resultText(result: PublishedResult): string {
  const { commit, date, machine, node } = result.conditions;
  const notes = (result.notes ?? []).map((note) => `- ${note.trim()}`).join('\n');
  const conditions = `<sub>${date}, commit ${commit}, Node ${node}, ${machine}</sub>`;
  return [`**${result.title}**`, tableText(result), notes, conditions].filter(Boolean).join('\n\n');
}

/** Results of `dq` are `dq` and `dq-…`, but not `dqdl-parse`. */
function sectionOf(bench: string): Section | undefined {
  return sections.find(({ results }) => bench === results || bench.startsWith(`${results}-`));
}

/**
 * docs/performance.md, in Markdown that Prettier has yet to format.
 * @param results - each bench's last
 * @throws Error naming a result that belongs to no section.
 */
export function performancePage(results: readonly PublishedResult[]): string {
  const stray = results.find(({ bench }) => sectionOf(bench) === undefined);
  if (stray !== undefined) throw new Error(`bench/results/${stray.bench}.json belongs to no section of the page`);
  const parts = sections.flatMap((section) => {
    const own = results.filter(({ bench }) => sectionOf(bench) === section);
    if (own.length === 0) return [];
    const { heading, text, command } = section;
    return [`## ${heading}`, text, `\`npm run bench -- ${command}\``, ...own.map(resultText)];
  });
  return [introduction, ...parts].join('\n\n');
}
