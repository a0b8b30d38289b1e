import { median, publish } from '../report/report.js';
import type { Measured } from '../report/report.js';
import { airflow, polled, stepFunctions, stretches } from './peers.js';
import { OverheadStage } from './stage.js';
import type { JobLengths, MeasuredRun } from './stage.js';

/** Repetitions of {@link benchOverhead}. */
export interface OverheadBenchOptions {
  readonly rounds: number;
  readonly json: boolean;
}

const short = [1, 10, 60];
const long = [180, 600, 1800];

/** A day as the original pipeline's write-up has it: Glue jobs of three minutes, an export of some minutes. */
const daily: JobLengths = { export: 300, glue: 180, statement: 5 };

/** Statements take a fiftieth of what exports and Glue runs take. */
const lengthsOf = (seconds: number): JobLengths => ({ export: seconds, glue: seconds, statement: seconds / 50 });

const named = (seconds: number): string => (seconds < 180 ? `${seconds} s` : `${seconds / 60} min`);

const criticalPath = ({ jobs }: MeasuredRun): number => stretches(jobs).reduce((sum, seconds) => sum + seconds, 0);

/** By how much exports and Glue runs took longer, from the request to the result in the history, than they ran: at most. */
function late({ jobs, waits }: MeasuredRun): number {
  const lengths = jobs
    .filter(({ kind }) => kind !== 'statement')
    .sort((left, right) => left.from - right.from)
    .map(({ from, to }) => to - from);
  return Math.max(...waits.map((wait, index) => wait - (lengths[index] ?? 0)));
}

class Samples {
  readonly #all: Record<string, Record<string, number[]>> = {};

  add(by: string, column: string, value: number): void {
    ((this.#all[by] ??= {})[column] ??= []).push(value);
  }

  get measured(): Measured[] {
    return Object.entries(this.#all).map(([by, samples]) => ({ by, samples }));
  }
}

/** Runs with jobs of every length; returns the last, which has the longest. */
async function measure(stage: OverheadStage, samples: Samples): Promise<MeasuredRun | undefined> {
  let last: MeasuredRun | undefined;
  for (const seconds of [...short, ...long]) {
    const run = await stage.run(lengthsOf(seconds));
    const path = criticalPath(run);
    const isShort = short.includes(seconds);
    const column = isShort ? `${named(seconds)} jobs: s late` : `${named(seconds)} jobs: % over`;
    const over = (wall: number): number => (100 * (wall - path)) / path;
    samples.add('Sluice', column, isShort ? late(run) : over(run.wall));
    for (const peer of [stepFunctions, airflow]) {
      const computed = polled(run.jobs, peer);
      samples.add(peer.by, column, isShort ? computed.late : over(computed.wall));
    }
    const figures = [path, run.wall, late(run)].map((value) => value.toFixed(2)).join(', ');
    console.error(`${named(seconds)}: path, wall, late: ${figures} s; ${run.actions} Actions, ${run.events} events`);
    last = run;
  }
  return last;
}

function addDay(samples: Samples, run: MeasuredRun): void {
  const path = criticalPath(run);
  const day = (by: string, values: Record<string, number>): void => {
    for (const [column, value] of Object.entries(values)) samples.add(by, column, value);
  };
  day('Sluice', {
    'wall s': run.wall,
    '% over': (100 * (run.wall - path)) / path,
    'billed steps': run.actions,
    heartbeats: run.heartbeats,
    'history events': run.events,
  });
  const [sfn, sensors] = [polled(run.jobs, stepFunctions), polled(run.jobs, airflow)];
  const over = (wall: number): number => (100 * (wall - path)) / path;
  // Start; then wait, describe and choose for every look.
  const transitions = run.jobs.length + 3 * sfn.polls;
  day(stepFunctions.by, { 'wall s': sfn.wall, '% over': over(sfn.wall), 'billed steps': transitions });
  day(airflow.by, { 'wall s': sensors.wall, '% over': over(sensors.wall) });
}

/** What orchestration adds to the jobs it waits for, and what a daily run costs; beside polls at fixed intervals. */
export async function benchOverhead({ rounds, json }: OverheadBenchOptions): Promise<void> {
  const stage = await OverheadStage.open();
  const [lengths, days] = [new Samples(), new Samples()];
  let longest: MeasuredRun | undefined;
  try {
    await stage.run(lengthsOf(1)); // makes the warehouse's tables
    for (let round = 0; round < rounds; round += 1) {
      longest = await measure(stage, lengths);
      addDay(days, await stage.run(daily));
    }
  } finally {
    await stage.close();
  }
  publish(
    {
      bench: 'overhead',
      title: `What orchestration adds to a run whose export and Glue runs take so long each, median of ${rounds}`,
      columns: [
        ...short.map((one) => `${named(one)} jobs: s late`),
        ...long.map((one) => `${named(one)} jobs: % over`),
      ],
      reference: { by: 'Sluice', columns: [] },
      measured: lengths.measured,
      notes: [
        '"late" is the most that an export or a Glue run took, from the request to the result in the history, beyond its own ' +
          'time; "over" is the wall time of the whole run over its critical path, the remote jobs’ own time. Time is ' +
          'skipped while nothing but waiting goes on; all else takes as long as it does.',
        'Of the others only the poll interval is counted, for the same jobs: neither their starts nor their schedulers.',
      ],
    },
    json
  );
  const [sluice] = days.measured;
  const of = (column: string): number => median(sluice?.samples[column] ?? []);
  publish(
    {
      bench: 'overhead-day',
      title:
        `A daily run: export ${daily.export / 60} min, lake and landing ${daily.glue / 60} min each, statements ` +
        `${daily.statement} s, started by a schedule, median of ${rounds}`,
      columns: ['wall s', '% over', 'billed steps', 'heartbeats', 'history events'],
      reference: { by: 'Sluice', columns: [] },
      measured: days.measured,
      notes: [
        'Billed steps are Temporal Cloud’s Actions, counted in the histories of the run, its archive and its lock, heartbeats ' +
          'included; and the state transitions of Step Functions: a start, then wait, describe and choose for each poll.',
        `At most 80 Actions: ${of('billed steps') <= 80 ? 'reached' : 'not reached'}; at most 150 events: ` +
          `${of('history events') <= 150 ? 'reached' : 'not reached'}. With 30 minutes each: ${longest?.actions} Actions, ` +
          `${longest?.heartbeats} of them heartbeats, and ${longest?.events} events.`,
      ],
    },
    json
  );
}
