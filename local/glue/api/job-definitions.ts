import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { AwsError } from '../../gateway/aws-error.js';
import type { JsonOperation } from '../../gateway/service.js';
import type { EntityStore } from '../../state/entity-store.js';
import { epochSeconds, nameString, operation, pageOf, paging, stringMap } from '../../gateway/check-request.js';

const capacity = {
  MaxCapacity: z.number().positive().optional(),
  AllocatedCapacity: z.number().int().positive().optional(),
  WorkerType: z
    .enum([
      'Standard',
      'G.025X',
      'G.1X',
      'G.2X',
      'G.4X',
      'G.8X',
      'G.12X',
      'G.16X',
      'R.1X',
      'R.2X',
      'R.4X',
      'R.8X',
      'Z.2X',
    ])
    .optional(),
  NumberOfWorkers: z.number().int().positive().optional(),
  Timeout: z.number().int().min(1).optional(),
  ExecutionClass: z.enum(['STANDARD', 'FLEX']).optional(),
};

/** Members that StartJobRun can override. */
export const runCapacity = capacity;

const definition = {
  JobMode: z.string().optional(),
  JobRunQueuingEnabled: z.boolean().optional(),
  Description: z.string().max(2048).optional(),
  LogUri: z.string().optional(),
  Role: z.string().min(1),
  ExecutionProperty: z.object({ MaxConcurrentRuns: z.number().int().min(1).optional() }).optional(),
  Command: z.object({
    Name: z.string().optional(),
    ScriptLocation: z.string().max(400_000).optional(),
    PythonVersion: z.string().optional(),
    Runtime: z.string().optional(),
  }),
  DefaultArguments: stringMap.optional(),
  NonOverridableArguments: stringMap.optional(),
  Connections: z.object({ Connections: z.array(z.string()).optional() }).optional(),
  MaxRetries: z.number().int().min(0).max(10).optional(),
  SecurityConfiguration: z.string().optional(),
  NotificationProperty: z.object({ NotifyDelayAfter: z.number().int().min(1).optional() }).optional(),
  GlueVersion: z.string().optional(),
  MaintenanceWindow: z.string().optional(),
  ...capacity,
};
const createJob = z.object({ Name: nameString, Tags: stringMap.optional(), ...definition });
const jobUpdate = z.object({ ...definition });
type Definition = z.infer<typeof jobUpdate>;

/** A job as GetJob answers it; times in seconds since the epoch. */
export type JobEntity = Definition & {
  readonly Name: string;
  readonly CreatedOn: number;
  readonly LastModifiedOn: number;
};

/** @throws AwsError `InvalidInputException` for members that exclude each other. */
export function checkCapacity(input: {
  MaxCapacity?: number | undefined;
  WorkerType?: string | undefined;
  NumberOfWorkers?: number | undefined;
}): void {
  const byWorkers = input.WorkerType !== undefined || input.NumberOfWorkers !== undefined;
  if (input.MaxCapacity !== undefined && byWorkers) {
    throw new AwsError(
      'InvalidInputException',
      'Please do not set Max Capacity if using Worker Type and Number of Workers.'
    );
  }
  if ((input.WorkerType === undefined) !== (input.NumberOfWorkers === undefined)) {
    throw new AwsError('InvalidInputException', 'Please set both Worker Type and Number of Workers.');
  }
}

function checked(input: Definition): Definition {
  checkCapacity(input);
  const command = input.Command.Name ?? 'glueetl';
  if (!['glueetl', 'gluestreaming', 'pythonshell', 'glueray'].includes(command)) {
    throw new AwsError('InvalidInputException', `Invalid command name: ${command}`);
  }
  if (input.JobRunQueuingEnabled === true && (input.MaxRetries ?? 0) > 0) {
    throw new AwsError('InvalidInputException', 'Job run queuing cannot be enabled with MaxRetries greater than 0.');
  }
  const workers = input.MaxCapacity === undefined && input.WorkerType === undefined;
  return {
    ...input,
    Command: { ...input.Command, Name: command, PythonVersion: input.Command.PythonVersion ?? '3' },
    ExecutionProperty: { MaxConcurrentRuns: input.ExecutionProperty?.MaxConcurrentRuns ?? 1 },
    MaxRetries: input.MaxRetries ?? 0,
    Timeout: input.Timeout ?? 480,
    GlueVersion: input.GlueVersion ?? '5.0',
    ...(workers ? { WorkerType: 'G.1X' as const, NumberOfWorkers: 10 } : {}),
  };
}

/** Operations on job definitions. */
export function jobOperations(
  jobs: EntityStore<JobEntity>,
  tags: EntityStore<Record<string, string>>,
  arnOf: (job: string) => string
): Record<string, JsonOperation> {
  const found = (name: string): JobEntity => {
    const job = jobs.get(name);
    if (job === undefined) throw new AwsError('EntityNotFoundException', `Job ${name} not found.`);
    return job;
  };
  return {
    // A repeat with the same definition is a success, so that a caller may retry; with another one it is a conflict.
    CreateJob: operation(createJob, async ({ Name, Tags, ...input }) => {
      const wanted = JSON.parse(JSON.stringify(checked(input))) as Definition;
      const existing = jobs.get(Name);
      if (existing !== undefined) {
        const { Name: _name, CreatedOn: _created, LastModifiedOn: _modified, ...rest } = existing;
        if (isDeepStrictEqual(rest, wanted)) return { Name };
        throw new AwsError(
          'IdempotentParameterMismatchException',
          `Job ${Name} already exists with another definition.`
        );
      }
      const now = epochSeconds();
      await jobs.put(Name, { Name, CreatedOn: now, LastModifiedOn: now, ...wanted });
      if (Tags !== undefined) await tags.put(arnOf(Name), Tags);
      return { Name };
    }),
    GetJob: operation(z.object({ JobName: nameString }), async ({ JobName }) => ({ Job: found(JobName) })),
    GetJobs: operation(z.object(paging(1000)), async (request) => {
      const { items, NextToken } = pageOf(jobs.list(), request);
      return { Jobs: items, NextToken };
    }),
    BatchGetJobs: operation(z.object({ JobNames: z.array(nameString) }), async ({ JobNames }) => ({
      Jobs: JobNames.flatMap((name) => jobs.get(name) ?? []),
      JobsNotFound: JobNames.filter((name) => jobs.get(name) === undefined),
    })),
    ListJobs: operation(z.object({ ...paging(1000), Tags: stringMap.optional() }), async (request) => {
      const wanted = Object.entries(request.Tags ?? {});
      const all = jobs.list().filter(({ key }) => {
        const has = tags.get(arnOf(key)) ?? {};
        return wanted.every(([name, value]) => has[name] === value);
      });
      const { items, NextToken } = pageOf(all, request);
      return { JobNames: items.map((job) => job.Name), NextToken };
    }),
    // The given definition replaces the old one as a whole: members left out take their defaults again.
    UpdateJob: operation(z.object({ JobName: nameString, JobUpdate: jobUpdate }), async ({ JobName, JobUpdate }) => {
      const { CreatedOn } = found(JobName);
      await jobs.put(JobName, { Name: JobName, CreatedOn, LastModifiedOn: epochSeconds(), ...checked(JobUpdate) });
      return { JobName };
    }),
    DeleteJob: operation(z.object({ JobName: nameString }), async ({ JobName }) => {
      await jobs.delete(JobName);
      await tags.delete(arnOf(JobName));
      return { JobName };
    }),
  };
}
