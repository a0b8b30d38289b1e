import { ApplicationFailure, condition, defineUpdate, setHandler } from '@temporalio/workflow';

/** A question that waits for a person. */
export interface ApprovalRequest {
  /** Names the question within the run, such as `PITR_GAP`. */
  readonly name: string;
  readonly question: string;
  /** ISO 8601, by the workflow's clock. */
  readonly requestedAt: string;
  /** ISO 8601. Who has not answered by then has rejected. */
  readonly deadline: string;
}

/** What came of a question. */
export interface ApprovalDecision {
  readonly name: string;
  readonly approved: boolean;
  /** Who decided; `deadline` when nobody did. */
  readonly by: string;
  readonly reason?: string;
  /** ISO 8601, by the workflow's clock. */
  readonly at: string;
}

/** Argument of the updates `approve` and `reject`. */
export interface DecisionInput {
  readonly by: string;
  readonly reason?: string;
  /** Which question is meant; may be left out while only one waits. */
  readonly name?: string;
}

/** What a workflow carries over when it continues as new. */
export interface ApprovalsState {
  readonly pending: readonly ApprovalRequest[];
  readonly decisions: readonly ApprovalDecision[];
}

/** Approves what waits for approval. A second approval returns the first one's decision. */
export const approveUpdate = defineUpdate<ApprovalDecision, [DecisionInput]>('approve');

/** Rejects what waits for approval. A second rejection returns the first one's decision. */
export const rejectUpdate = defineUpdate<ApprovalDecision, [DecisionInput]>('reject');

const refusal = (message: string): ApplicationFailure => ApplicationFailure.nonRetryable(message, 'NotApprovable');

/**
 * The questions of one run that people decide, through the updates `approve` and `reject`. Making one registers the
 * handlers, which costs no event; a question costs a timer, and the update that answers it.
 */
export class Approvals {
  readonly #pending: Map<string, ApprovalRequest>;
  readonly #decisions: Map<string, ApprovalDecision>;
  readonly #onChange: (pending: readonly ApprovalRequest[]) => void;

  /** `onChange` is called whenever a question begins or ends to wait; `state` is what an earlier execution carried over. */
  constructor({
    onChange = () => undefined,
    state = { pending: [], decisions: [] },
  }: {
    readonly onChange?: (pending: readonly ApprovalRequest[]) => void;
    readonly state?: ApprovalsState;
  } = {}) {
    this.#onChange = onChange;
    this.#pending = new Map(state.pending.map((request) => [request.name, request]));
    this.#decisions = new Map(state.decisions.map((decision) => [decision.name, decision]));
    const handle = (approved: boolean) => (input: DecisionInput) => this.#decide(approved, input);
    const validator = (approved: boolean) => (input: DecisionInput) => void this.#find(approved, input);
    setHandler(approveUpdate, handle(true), { validator: validator(true), description: 'Approve what waits' });
    setHandler(rejectUpdate, handle(false), { validator: validator(false), description: 'Reject what waits' });
  }

  /** Questions that wait, the oldest first. */
  get pending(): readonly ApprovalRequest[] {
    return [...this.#pending.values()];
  }

  /** All decisions, in their order. */
  get decisions(): readonly ApprovalDecision[] {
    return [...this.#decisions.values()];
  }

  /** For `continueAsNew`. */
  get state(): ApprovalsState {
    return { pending: this.pending, decisions: this.decisions };
  }

  /**
   * Asks a question and waits for its answer; without one in time it is rejected. A question of this name that was
   * decided already, also by an earlier execution, is not asked again; one that waited keeps its deadline. Rejects with
   * `CancelledFailure` when the run is cancelled.
   */
  async request(name: string, question: string, deadlineSeconds: number): Promise<ApprovalDecision> {
    const earlier = this.#decisions.get(name);
    if (earlier !== undefined) return earlier;
    const now = Date.now();
    const request = this.#pending.get(name) ?? {
      name,
      question,
      requestedAt: new Date(now).toISOString(),
      deadline: new Date(now + deadlineSeconds * 1000).toISOString(),
    };
    this.#pending.set(name, request);
    this.#onChange(this.pending);
    try {
      const left = Math.max(1, Date.parse(request.deadline) - now);
      await condition(() => this.#decisions.has(name), left, { summary: `${name}: approval` });
      const decision = this.#decisions.get(name) ?? {
        name,
        approved: false,
        by: 'deadline',
        reason: `nobody decided until ${request.deadline}`,
        at: new Date().toISOString(),
      };
      this.#decisions.set(name, decision);
      return decision;
    } finally {
      if (this.#pending.delete(name)) this.#onChange(this.pending);
    }
  }

  #decide(approved: boolean, input: DecisionInput): ApprovalDecision {
    const found = this.#find(approved, input);
    if ('approved' in found) return found;
    const { name } = found;
    const { by, reason } = input;
    const decision = { name, approved, by, ...(reason && { reason }), at: new Date().toISOString() };
    this.#decisions.set(name, decision);
    if (this.#pending.delete(name)) this.#onChange(this.pending);
    return decision;
  }

  /** The question that is meant, or the decision that says the same already. Throws why there is neither. */
  #find(approved: boolean, input: DecisionInput): ApprovalRequest | ApprovalDecision {
    const { name, by } = input;
    if (typeof by !== 'string' || by.trim() === '') throw refusal('The approver’s name is missing.');
    const waiting = this.pending;
    const names = waiting.map((request) => request.name).join(', ');
    if (name === undefined) {
      if (waiting.length > 1) throw refusal(`Several questions wait: ${names}. Name one of them.`);
      if (waiting[0] !== undefined) return waiting[0];
      const last = this.decisions.at(-1);
      if (last === undefined) throw refusal('Nothing waits for approval.');
      return sameVerdict(last, approved);
    }
    const request = this.#pending.get(name);
    if (request !== undefined) return request;
    const decided = this.#decisions.get(name);
    if (decided !== undefined) return sameVerdict(decided, approved);
    throw refusal(
      waiting.length > 0
        ? `${name} does not wait for approval, but ${names} does.`
        : `${name} does not wait for approval.`
    );
  }
}

function sameVerdict(decision: ApprovalDecision, approved: boolean): ApprovalDecision {
  if (decision.approved === approved) return decision;
  const { name, by, at } = decision;
  throw refusal(`${name} was ${decision.approved ? 'approved' : 'rejected'} by ${by} at ${at}: that stands.`);
}
