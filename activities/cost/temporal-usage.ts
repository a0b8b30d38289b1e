import type { Client } from '@temporalio/client';
import { countActions, heartbeatsIn } from '../../model/cost/temporal-actions.js';
import type { ActionEvent } from '../../model/cost/temporal-actions.js';
import type { RunUsage } from '../../model/cost/usage.js';

type History = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;
type HistoryEvent = NonNullable<History['events']>[number];

function actionEvent(event: HistoryEvent): ActionEvent {
  const field = Object.entries(event).find(([name, value]) => name.endsWith('EventAttributes') && value)?.[0] ?? '';
  const type = field.charAt(0).toUpperCase() + field.slice(1, -'EventAttributes'.length);
  const started = event.workflowExecutionStartedEventAttributes;
  const upserted = event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields;
  return {
    type,
    attempt: event.activityTaskStartedEventAttributes?.attempt ?? undefined,
    fromWorkflow: Boolean(event.workflowExecutionSignaledEventAttributes?.externalWorkflowExecution),
    child: Boolean(started?.parentWorkflowExecution),
    scheduled: started?.searchAttributes?.indexedFields?.['TemporalScheduledById'] !== undefined,
    versionOnly: upserted ? Object.keys(upserted).every((name) => name === 'TemporalChangeVersion') : false,
  };
}

const time = (event: HistoryEvent | undefined): number =>
  Number(event?.eventTime?.seconds ?? 0) + Number(event?.eventTime?.nanos ?? 0) / 1e9;

/** Seconds that each ended activity with a heartbeat timeout took. */
function heartbeatingSeconds(events: readonly HistoryEvent[]): number[] {
  const byId = new Map(events.map((event) => [String(event.eventId), event]));
  return events.flatMap((event) => {
    const ended =
      event.activityTaskCompletedEventAttributes ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskCanceledEventAttributes ??
      event.activityTaskTimedOutEventAttributes;
    const started = byId.get(String(ended?.startedEventId));
    const scheduled = byId.get(String(ended?.scheduledEventId))?.activityTaskScheduledEventAttributes;
    const heartbeats = Number(scheduled?.heartbeatTimeout?.seconds ?? 0) > 0;
    return ended && started && heartbeats ? [time(event) - time(started)] : [];
  });
}

/** Actions and heartbeats of an execution, up to now, and of its child workflows. */
export async function measureTemporal(
  temporal: Client,
  { workflowId, runId }: { readonly workflowId: string; readonly runId: string }
): Promise<RunUsage['temporal']> {
  const { events } = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
  const own = events ?? [];
  const children = own.flatMap(({ childWorkflowExecutionStartedEventAttributes: started }) =>
    started?.workflowExecution ? [started.workflowExecution] : []
  );
  const usages = await Promise.all(
    children.map(({ workflowId: id, runId: run }) =>
      measureTemporal(temporal, { workflowId: id ?? '', runId: run ?? '' })
    )
  );
  const sum = (of: (usage: RunUsage['temporal']) => number | null): number =>
    usages.reduce((all, usage) => all + (of(usage) ?? 0), 0);
  const beats = heartbeatingSeconds(own).reduce((all, seconds) => all + heartbeatsIn(seconds), 0);
  return {
    actions: countActions(own.map(actionEvent)) + sum(({ actions }) => actions),
    heartbeats: beats + sum(({ heartbeats }) => heartbeats),
  };
}
