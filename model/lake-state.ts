import { z } from 'zod';
import { canonicalJson } from './canonical-json.js';
import type { LakeJobSpec } from './plan.js';

/** Name of the object in a table's lake folder that makes a generation complete; written after all else. */
export const lakeStateFile = '_sluice_state.json';

const datasets = z.record(
  z.string(),
  z.object({ rows: z.int().nonnegative(), files: z.array(z.string().min(1)).readonly() }).readonly()
);

const lakeState = z.object({
  version: z.literal(1),
  runKey: z.string(),
  asOf: z.iso.datetime(),
  exportTime: z.iso.datetime().optional(),
  tableId: z.string(),
  datasets: datasets.readonly(),
  spec: z.object({ keys: z.unknown(), itemTypes: z.unknown() }),
});

/** `_sluice_state.json`: what a lake generation holds. */
export interface LakeState {
  readonly version: 1;
  /** The run that made the generation. */
  readonly runKey: string;
  /** All changes before this time are in it. ISO 8601, UTC. */
  readonly asOf: string;
  /** Of a generation that a full export made: its time, later than `asOf`. ISO 8601, UTC. */
  readonly exportTime?: string;
  /** DynamoDB's id of the source table. */
  readonly tableId: string;
  /** By item type, `rejected` and `deleted`: rows, and files relative to the table's folder. */
  readonly datasets: Readonly<Record<string, { readonly rows: number; readonly files: readonly string[] }>>;
  /** The part of the lake job's specification that decides what rows look like. */
  readonly spec: { readonly keys: unknown; readonly itemTypes: unknown };
}

/** Reads a state file; undefined for what is none, such as one of a later version. */
export function parseLakeState(text: string): LakeState | undefined {
  try {
    return lakeState.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** True when a generation's rows are what a specification would make, so that changes can be merged into them. */
export function sameItemTypes(state: LakeState, { keys, itemTypes }: Pick<LakeJobSpec, 'keys' | 'itemTypes'>): boolean {
  return canonicalJson([state.spec.keys, state.spec.itemTypes]) === canonicalJson([keys, itemTypes]);
}
