import type { InterceptedCall } from '../../../local/gateway/index.js';

/** The suffix of a shop's names. */
const suffix = /[-_](p\d{3})/;

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** A name without what differs from run to run: the shop's suffix, ids and times. */
function general(name: string): string {
  return name
    .replace(new RegExp(suffix, 'g'), '')
    .replace(/\d{14}-[0-9a-z]+/g, '<export>')
    .replace(/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ/g, '<time>')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<id>')
    .replace(/[0-9a-f]{16,}/g, '<hash>')
    .replace(/[0-9a-z]{26}(?=\.json\.gz)/g, '<file>');
}

/** Tells of the calls that the local AWS gets which shop's run they belong to, and what they are about. */
export class CallLog {
  readonly #statements = new Map<string, string>();

  /** Remembers which statement is whose; to be told of every call. */
  note({ output, input }: InterceptedCall): void {
    const id = text(output?.Id);
    const name = text(input.StatementName);
    if (id !== undefined && name !== undefined) this.#statements.set(id, name);
  }

  #about({ input }: InterceptedCall): string {
    const statement = text(input.StatementName) ?? this.#statements.get(text(input.Id)?.split(':')[0] ?? '');
    // `sluice <pipeline> <run key> <step>`
    if (statement !== undefined) return statement.replace(/^sluice (\S+) (\S+) /, (_all, shop: string) => `${shop} `);
    const members = ['JobName', 'Key', 'Prefix', 'TableName', 'TableArn', 'ExportArn', 'Bucket'];
    return members.map((member) => text(input[member])).find((value) => value !== undefined) ?? '';
  }

  /** The shop's suffix; undefined for a call that is for all. */
  shopOf(call: InterceptedCall): string | undefined {
    return suffix.exec(this.#about(call))?.[1];
  }

  /** Such as `glue.StartJobRun land_order_job`: the same for the same step of every shop's run. */
  labelOf(call: InterceptedCall): string {
    return `${call.service}.${call.operation} ${general(this.#about(call))}`;
  }
}

/** Keys of objects in a form in which those of two shops can be compared. */
export const generalKey = general;
