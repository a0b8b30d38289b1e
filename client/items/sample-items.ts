import { pathToFileURL } from 'node:url';
import { UsageError } from '../errors.js';
import { sampleDataModule } from '../project-files.js';
import type { DynamoItem } from './attribute-value.js';

/** Makes about `items` sample items of a model, the same ones for the same seed. */
export type GenerateItems = (options: { readonly items: number; readonly seed?: number }) => Iterable<DynamoItem>;

/**
 * The generator of sample items that stands next to a model.
 * @throws UsageError when there is none, or the module does not export `generateItems`.
 */
export async function sampleItemsOf(modelFile: string): Promise<GenerateItems> {
  const file = sampleDataModule(modelFile);
  if (file === undefined) {
    throw new UsageError(`${modelFile} has no sample data next to it (sample-data.js): give items with --items FILE.`);
  }
  const loaded = (await import(pathToFileURL(file).href)) as { generateItems?: unknown };
  if (typeof loaded.generateItems !== 'function') throw new UsageError(`${file} does not export generateItems.`);
  return loaded.generateItems as GenerateItems;
}
