import {
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import type { LockActivities } from '../activities/locks.js';
import { movesToNewVersions } from './worker-traits.js';

/** A pipeline's wish to be the only writer of some resources. */
export interface LockRequest {
  /** Workflow id of the run. */
  readonly holder: string;
  /** Tells a request from earlier ones of the same run, also before it was resumed; a reset leaves it as it is. */
  readonly execution: string;
  /** Names of tables and prefixes; all of them are granted at once. */
  readonly resources: readonly string[];
}

/** Who holds and who waits; what the lock carries over when it continues as new. */
export interface WarehouseLockState {
  readonly holders: readonly LockRequest[];
  /** The longest waiting first. */
  readonly queue: readonly LockRequest[];
}

/** Input of the `warehouseLock` workflow. */
export interface WarehouseLockInput extends Partial<WarehouseLockState> {
  /**
   * Events after which it continues as new. The server's own suggestion counts too.
   * @default 4000
   */
  readonly maximumEvents?: number;
  /**
   * Milliseconds with nothing held and nothing wanted after which it ends; a request starts it anew.
   * @default 60000
   */
  readonly idleMs?: number;
}

/** Asks for resources, once or again: who holds them already is told so again. */
export const requestSignal = defineSignal<[LockRequest]>('request');

/** Gives up everything that a run holds or waits for. */
export const releaseSignal = defineSignal<[Pick<LockRequest, 'holder' | 'execution'>]>('release');

/** Sent to a run that has been granted all that it asked for, with the request's `execution`. */
export const grantedSignal = defineSignal<[Pick<LockRequest, 'execution'>]>('lockGranted');

/** Who holds and who waits. */
export const lockStateQuery = defineQuery<WarehouseLockState>('state');

const { waitForClosedWorkflow } = proxyActivities<LockActivities>({
  startToCloseTimeout: '14d',
  heartbeatTimeout: '30s',
  cancellationType: 'TRY_CANCEL',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

interface Watch {
  readonly scope: CancellationScope;
  readonly watched: readonly LockRequest[];
}

/**
 * Lets one run at a time write to a warehouse's tables. First come, first served, and all or nothing: a request is
 * granted when none of its resources is held, nor wanted by one that has waited longer, so that none starves and none
 * waits for another in a circle. A holder is an open workflow: one that ended without a release loses what it held as
 * soon as someone waits. History is bounded by continuing as new.
 */
export async function warehouseLock(input: WarehouseLockInput = {}): Promise<void> {
  const { maximumEvents = 4_000, idleMs = 60_000 } = input;
  let changed = true;
  const holders = new Map((input.holders ?? []).map((request) => [request.holder, request]));
  const queue = new Map((input.queue ?? []).map((request) => [request.holder, request]));
  const granted = new Map<string, LockRequest>();
  let watch: Watch | undefined;

  const state = (): WarehouseLockState => ({ holders: [...holders.values()], queue: [...queue.values()] });
  setHandler(lockStateQuery, state);
  setHandler(requestSignal, (request) => {
    changed = true;
    if (holders.has(request.holder)) {
      holders.set(request.holder, request);
      granted.set(request.holder, request);
    } else {
      queue.set(request.holder, request); // keeps its place when it has one
    }
  });
  const drop = ({ holder, execution }: Pick<LockRequest, 'holder' | 'execution'>): void => {
    if ((holders.get(holder) ?? queue.get(holder))?.execution !== execution) return;
    changed = true;
    holders.delete(holder);
    queue.delete(holder);
  };
  setHandler(releaseSignal, drop);

  const grant = (): void => {
    const taken = new Set([...holders.values()].flatMap(({ resources }) => resources));
    for (const request of [...queue.values()]) {
      if (!request.resources.some((resource) => taken.has(resource))) {
        queue.delete(request.holder);
        holders.set(request.holder, request);
        granted.set(request.holder, request);
      }
      for (const resource of request.resources) taken.add(resource);
    }
  };

  const tell = async (request: LockRequest): Promise<void> => {
    try {
      await getExternalWorkflowHandle(request.holder).signal(grantedSignal, { execution: request.execution });
    } catch (error) {
      if (isCancellation(error)) throw error;
      drop(request); // it has ended
    }
  };

  /** Finds runs that ended without a word. */
  const startWatch = (): Watch => {
    const watched = [...holders.values(), ...queue.values()];
    const scope = new CancellationScope();
    scope
      .run(() =>
        waitForClosedWorkflow.executeWithOptions({ summary: `watch ${watched.length} runs` }, [
          { workflowIds: watched.map(({ holder }) => holder) },
        ])
      )
      .then((closed) => watched.filter(({ holder }) => closed.includes(holder)).forEach(drop))
      .catch((error: unknown) => {
        if (!isCancellation(error)) log.error('Watching the runs failed', { error });
      })
      .finally(() => {
        watch = undefined;
        changed = true;
      });
    return { scope, watched };
  };

  for (;;) {
    while (changed) {
      changed = false;
      grant();
      const told = [...granted.values()];
      granted.clear();
      await Promise.all(told.map(tell));
    }
    setCurrentDetails(describe(state()));
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    const full = continueAsNewSuggested || historyLength > maximumEvents;
    if (full && watch === undefined) await continueAsNew<typeof warehouseLock>({ ...state(), maximumEvents, idleMs });
    const needed = queue.size > 0 && !full;
    if (watch === undefined) {
      if (needed) watch = startWatch();
    } else if (!needed || [...holders.values()].some((holder) => !watch?.watched.includes(holder))) {
      watch.scope.cancel();
    }
    if (holders.size + queue.size > 0 || watch !== undefined) {
      await condition(() => changed);
    } else if (!(await condition(() => changed, idleMs, { summary: 'nothing held, nothing wanted' }))) {
      return;
    }
  }
}

// It outlives every version of the worker, and runs of several versions want it.
setWorkflowOptions(movesToNewVersions(), warehouseLock);

function describe({ holders, queue }: WarehouseLockState): string {
  const line = ({ holder, resources }: LockRequest): string => `- ${holder}: ${resources.join(', ')}`;
  const part = (title: string, requests: readonly LockRequest[]): string[] =>
    requests.length === 0 ? [] : [`**${title}**`, ...requests.slice(0, 20).map(line)];
  return [...part('held by', holders), ...part('waiting', queue)].join('\n');
}
