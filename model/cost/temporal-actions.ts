/** What counting needs of an event of a workflow's history. */
export interface ActionEvent {
  /** Name of the event's type in Temporal's API, such as `ActivityTaskStarted`. */
  readonly type: string;
  /** Of `ActivityTaskStarted`: from 1. */
  readonly attempt?: number;
  /** Of `WorkflowExecutionSignaled`: true when another workflow has sent it, whose Action it is. */
  readonly fromWorkflow?: boolean;
  /** Of `WorkflowExecutionStarted`: true in a child, whose parent's start Actions cover it. */
  readonly child?: boolean;
  /** Of `WorkflowExecutionStarted`: true when a schedule has started it. */
  readonly scheduled?: boolean;
  /** Of `UpsertWorkflowSearchAttributes`: true when it says nothing but which patches were met. */
  readonly versionOnly?: boolean;
}

/**
 * Billable Actions that a history shows. Heartbeats, queries and rejected updates are in no history; attempts of an
 * activity that has not ended are not either.
 * @see https://docs.temporal.io/cloud/actions
 */
export function countActions(events: readonly ActionEvent[]): number {
  const actionsOf = (event: ActionEvent): number => {
    switch (event.type) {
      case 'WorkflowExecutionStarted':
        return event.child ? 0 : event.scheduled ? 3 : 1;
      case 'ActivityTaskStarted':
        return event.attempt ?? 1;
      case 'TimerStarted':
      case 'WorkflowExecutionUpdateAccepted':
      case 'SignalExternalWorkflowExecutionInitiated':
      case 'WorkflowExecutionOptionsUpdated':
      case 'NexusOperationScheduled':
        return 1;
      case 'WorkflowExecutionSignaled':
        return event.fromWorkflow ? 0 : 1;
      case 'UpsertWorkflowSearchAttributes':
        return event.versionOnly ? 0 : 1;
      case 'StartChildWorkflowExecutionInitiated':
        return 2;
      default:
        return 0;
    }
  };
  return events.reduce((sum, event) => sum + actionsOf(event), 0);
}
