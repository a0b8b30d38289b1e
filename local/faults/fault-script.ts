import { z } from 'zod';

const notNumbers =
  'not call numbers: a number from 1, a range such as 3-5 or 4-, "every", or a list of numbers and ranges';

/** Calls by their number, from 1: `3`, `3-5`, `4-` (from the fourth on), `every`, or a list of these. */
const calls = z.union(
  [
    z.int().min(1, notNumbers),
    z.string().regex(/^(every|[1-9]\d*(-([1-9]\d*)?)?)$/),
    z.array(z.union([z.int().min(1), z.string().regex(/^[1-9]\d*(-([1-9]\d*)?)?$/)])).min(1),
  ],
  { error: notNumbers }
);

const seconds = z.number().min(0).max(86_400);

const selection = {
  /** `<service>.<operation>`, such as `glue.StartJobRun`; `glue.*` or `*` for all. */
  operation: z.string(),
  /** Which of the calls that match; counted for each operation by itself, since the script was set. Default: every. */
  calls: calls.default('every'),
  /** Members of the request, such as `JobName`, `TableArn`, `Database`, `Bucket`, `Key`; `*` stands for any text. */
  where: z.record(z.string(), z.string()).optional(),
};

const kinds = {
  /** The service asks for fewer calls, by its own error name; nothing is done. */
  throttle: {},
  /** The service's own internal error; nothing is done. */
  'server-error': {},
  /** Any other error; nothing is done. */
  error: { code: z.string().min(1), status: z.int().min(400).max(599).default(400), message: z.string().optional() },
  /** No answer for so many seconds, then the connection is cut; without `seconds`, until the caller gives up. */
  timeout: { seconds: seconds.optional(), carriedOut: z.boolean().default(false) },
  /** The operation is carried out, and the connection is cut without an answer. */
  'drop-reply': {},
  /** The operation begins so much later. */
  delay: { seconds },
  /** A quota of running jobs is used up; nothing is done. */
  'at-capacity': {},
  /** The client token was used before with other parameters; nothing is done. */
  'token-conflict': {},
  /** The job that the call starts takes so much longer. */
  'slow-job': { seconds },
  /** The Glue run that the call starts stays WAITING for so long. */
  'waiting-job': { seconds },
  /** The job that the call starts is not listed for so long. */
  'hidden-job': { seconds },
  /** The job that the call starts ends so, without having done anything. */
  'job-ends': { state: z.string(), message: z.string().default('injected fault') },
} as const satisfies Record<string, z.ZodRawShape>;

const fault = <K extends keyof typeof kinds>(kind: K) =>
  z.strictObject({ fault: z.literal(kind), ...selection, ...kinds[kind] });

/** Shape of a fault script. */
export const faultScript = z.strictObject({
  faults: z.array(
    z.discriminatedUnion('fault', [
      fault('throttle'),
      fault('server-error'),
      fault('error'),
      fault('timeout'),
      fault('drop-reply'),
      fault('delay'),
      fault('at-capacity'),
      fault('token-conflict'),
      fault('slow-job'),
      fault('waiting-job'),
      fault('hidden-job'),
      fault('job-ends'),
    ])
  ),
});

/** What a fault does. */
export type FaultKind = keyof typeof kinds;

/** Names of all kinds of faults. */
export const faultKinds: readonly string[] = Object.keys(kinds);

/** Kinds that change the job that a call starts, not the call. */
export const isJobKind = (kind: FaultKind): boolean => kind.endsWith('-job') || kind === 'job-ends';

/** One fault as it is written, defaults left out. */
export type FaultInput = z.input<typeof faultScript>['faults'][number];

/** One fault as it is injected. */
export type Fault = z.output<typeof faultScript>['faults'][number];
