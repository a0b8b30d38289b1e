import type { GlueClient, JobRun } from '@aws-sdk/client-glue';
import { GetJobRunCommand, GetJobRunsCommand, paginateGetJobs, paginateListJobs } from '@aws-sdk/client-glue';
import { Context } from '@temporalio/activity';
import { endedStates, watchedCommands } from '../../model/glue-usage/verdict.js';
import { unlessAbsent } from '../entity-answers.js';
import { errorClassOf, onResource } from '../failures.js';
import type { PollClock } from '../poll-clock.js';

/** The tag by which a job is left out of alerts. */
const optOutTag = { remediate: 'false' };

/** A run may have begun so long before it ended: Glue's longest timeout is seven days. */
const longestRun = 8 * 86_400_000;

/** Clocks differ, and a run's end is listed a little later. */
const overlap = 3_600_000;

/** The jobs of the account and Region. */
export interface AccountJobs {
  /** Spark and Ray jobs. */
  readonly watched: readonly string[];
  /** Python shell and streaming jobs. */
  readonly unsupported: readonly string[];
  readonly optedOut: ReadonlySet<string>;
}

/** Reads jobs and runs of Glue; waits where Glue asks for fewer calls. */
export class GlueRuns {
  constructor(
    private readonly glue: GlueClient,
    private readonly clock: PollClock
  ) {}

  async jobs(): Promise<AccountJobs> {
    const watched: string[] = [];
    const unsupported: string[] = [];
    const optedOut = new Set<string>();
    await this.patiently('Glue jobs', async () => {
      watched.length = unsupported.length = 0;
      for await (const { Jobs = [] } of paginateGetJobs({ client: this.glue }, {})) {
        for (const { Name = '', Command } of Jobs) {
          (watchedCommands.has(Command?.Name ?? '') ? watched : unsupported).push(Name);
        }
      }
    });
    await this.patiently(`Glue jobs of tag remediate=false`, async () => {
      for await (const { JobNames = [] } of paginateListJobs({ client: this.glue }, { Tags: optOutTag })) {
        for (const name of JobNames) optedOut.add(name);
      }
    });
    return { watched: watched.sort(), unsupported: unsupported.sort(), optedOut };
  }

  /** Runs of a job that ended at or after a time, less an hour; none of a job that was deleted meanwhile. */
  async endedSince(job: string, since: number): Promise<JobRun[]> {
    const ended: JobRun[] = [];
    let NextToken: string | undefined;
    do {
      const input = { JobName: job, MaxResults: 200, NextToken };
      const page = await unlessAbsent(
        this.patiently(`runs of Glue job ${job}`, () => this.glue.send(new GetJobRunsCommand(input)))
      );
      const runs = page?.JobRuns ?? [];
      ended.push(...runs.filter((run) => endOf(run) >= since - overlap));
      // Newest first: what began long enough before cannot have ended since.
      const old = runs.some(({ StartedOn }) => (StartedOn?.getTime() ?? Infinity) < since - overlap - longestRun);
      NextToken = old ? undefined : page?.NextToken;
    } while (NextToken !== undefined);
    return ended;
  }

  /** A run; undefined when Glue does not know it, as after its job was deleted. */
  async run(JobName: string, RunId: string): Promise<JobRun | undefined> {
    const call = (): Promise<{ JobRun?: JobRun }> => this.glue.send(new GetJobRunCommand({ JobName, RunId }));
    return (await unlessAbsent(this.patiently(`Glue job ${JobName}, run ${RunId}`, call)))?.JobRun;
  }

  private async patiently<T>(resource: string, call: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await onResource(resource, call);
      } catch (error) {
        if (attempt === 6 || !['Throttled', 'Transient'].includes(errorClassOf(error))) throw error;
        await this.clock.sleep(500 * 2 ** attempt, Context.current().cancellationSignal);
      }
    }
  }
}

/** Milliseconds since the epoch when a run ended; -Infinity of one that goes on. */
export function endOf({ JobRunState: state, CompletedOn, LastModifiedOn }: JobRun): number {
  return endedStates.has(state ?? '') ? (CompletedOn ?? LastModifiedOn ?? new Date(0)).getTime() : -Infinity;
}
