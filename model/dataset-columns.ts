import { dimensionColumns, versionColumns } from './resolve-dimensions.js';
import { factColumns } from './sql/load-fact.js';
import type { WarehouseModel } from './warehouse-model.js';

/**
 * Names of the columns of every dataset that rules can be held against, in order: `lake.<item type>`,
 * `landing.<entity>`, `dwh.<dimension or fact>`.
 */
export function datasetColumns(model: WarehouseModel): ReadonlyMap<string, readonly string[]> {
  const names = (columns: readonly { readonly name: string }[]) => columns.map(({ name }) => name);
  return new Map<string, readonly string[]>([
    ...model.items.map((one) => [`lake.${one.name}`, [...names(one.columns), 'sluice_written_at']] as const),
    ...model.entities.map((one) => [`landing.${one.name}`, names(one.columns)] as const),
    ...model.dimensions.map((one) => {
      const versions = one.kind === 'members' && one.scd === 2 ? names(versionColumns) : [];
      return [`dwh.${one.name}`, [`${one.name}key`, ...names(dimensionColumns(one)), ...versions]] as const;
    }),
    ...model.facts.map((one) => [`dwh.${one.name}`, factColumns(one)] as const),
  ]);
}
