import { compile, parseModel } from '../../model/index.js';
import type { WarehousePlan } from '../../model/index.js';
import type { Item } from './warehouse.js';

const model = (deletes: string): string => `
name: clinic
source: { table: clinic, keys: { partition: PK }, typeAttribute: type }
deletes: ${deletes}
items:
  patient: { attributes: { id: S, name: S, city: S, age: N } }
  visit: { attributes: { visit: S, patient: S, seen: S } }
landing:
  patient: { columns: { id: varchar(40), name: varchar(40), city: varchar(40), age: integer } }
  visit: { columns: { visit: varchar(40), patient: varchar(40), seen: timestamp } }
dimensions:
  patient: { key: id, attributes: [name, city, age], scd: 2, unknown: { name: nobody } }
  day: { dates: visit.seen, deletes: keep }
facts:
  visit: { key: visit, grain: [visitkey], dimensions: { patient: patient, day: seen }, measures: [] }
`;

/** A dimension with versions and a fact that finds them by its one date. */
export const clinicPlan = (deletes: 'keep' | 'delete'): WarehousePlan => compile(parseModel(model(deletes), 'clinic'));

const optional = (values: Readonly<Record<string, string | null | undefined>>, type: 'S' | 'N'): Item =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [[name, { [type]: value }]]
    )
  ) as unknown as Item;

export interface PatientFields {
  readonly name?: string | null;
  readonly city?: string | null;
  readonly age?: string | null;
}

/**
 * A patient.
 * @param written when the item was written to the table, if the lake knows
 */
export function patient(id: string, { age, ...texts }: PatientFields, written?: string): Item {
  return {
    PK: { S: `patient ${id}` },
    type: { S: 'patient' },
    id: { S: id },
    ...optional({ ...texts, sluice_written_at: written }, 'S'),
    ...optional({ age }, 'N'),
  };
}

/** A visit of a patient at a time. */
export function visit(id: string, of: string, seen?: string): Item {
  return {
    PK: { S: `visit ${id}` },
    type: { S: 'visit' },
    visit: { S: id },
    patient: { S: of },
    ...optional({ seen }, 'S'),
  };
}
