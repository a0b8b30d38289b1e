/** Workflows for tests of parts: the lock itself, one that only holds it, and one that only asks. */
import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { Approvals } from '../../../workflows/approval.js';
import type { ApprovalDecision, ApprovalsState } from '../../../workflows/approval.js';
import { LockHolder } from '../../../workflows/lock-holder.js';

export { warehouseLock } from '../../../workflows/warehouse-lock.js';

/** What the test's own activities are told. */
export interface Visit {
  readonly holder: string;
  readonly resources: readonly string[];
}

/** Lets go of what is held. */
export const finishSignal = defineSignal('finish');

const { enter, leave } = proxyActivities<{
  enter(visit: Visit): Promise<void>;
  leave(visit: Visit): Promise<void>;
}>({ startToCloseTimeout: '1m' });

/** Holds resources, until it is told to let go unless `hold` is false. */
export async function lockUser(lock: string, resources: readonly string[], hold: boolean): Promise<void> {
  let finished = !hold;
  setHandler(finishSignal, () => void (finished = true));
  const holder = new LockHolder(() => undefined);
  const visit = { holder: workflowInfo().workflowId, resources };
  const scope = { pipeline: 'test', runKey: visit.holder, planHash: '' };
  try {
    await holder.acquire({ scope, stage: 'test', step: 'lock' }, lock, resources);
    await enter(visit);
    await condition(() => finished);
    await leave(visit);
  } finally {
    await holder.release();
  }
}

/** What is asked and decided. */
export const askedQuery = defineQuery<ApprovalsState>('asked');

/** Asks questions one after the other; continues as new while the first one waits when it is told to. */
export async function asker(
  questions: readonly { readonly name: string; readonly deadlineSeconds: number }[],
  state?: ApprovalsState
): Promise<ApprovalDecision[]> {
  const approvals = new Approvals({ state });
  let renew = false;
  setHandler(askedQuery, () => approvals.state);
  setHandler(defineSignal('renew'), () => void (renew = true));
  const all = async (): Promise<ApprovalDecision[]> => {
    const decisions: ApprovalDecision[] = [];
    for (const { name, deadlineSeconds } of questions) {
      decisions.push(await approvals.request(name, `May ${name} be?`, deadlineSeconds));
    }
    return decisions;
  };
  const decided = all();
  const decisions = await Promise.race([decided, condition(() => renew)]);
  return decisions ?? (await continueAsNew<typeof asker>(questions, approvals.state));
}
