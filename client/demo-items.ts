import { UsageError } from './errors.js';
import type { DynamoItem, TableKeys } from './items/attribute-value.js';
import { readItemsFile, validateItemsFile } from './items/items-file.js';
import { sampleItemsOf } from './items/sample-items.js';
import { count } from './output/table.js';
import type { Progress } from './output/progress.js';

/** Items to load, known to be good before anything is started. */
export interface DemoItems {
  /** How many there are; for generated ones, how many were asked for. */
  readonly expected: number;
  read(): Iterable<DynamoItem> | AsyncIterable<DynamoItem>;
}

/**
 * The given file, read to its end and checked, or the generator that stands next to the model.
 * @throws UsageError listing what is wrong with the file, or when the model has no generator and no file is given.
 */
export async function demoItems(
  source: { readonly file?: string; readonly modelFile: string; readonly scale: number },
  keys: TableKeys,
  progress: Progress,
  signal: AbortSignal
): Promise<DemoItems> {
  const { file, modelFile, scale } = source;
  if (file === undefined) {
    const generate = await sampleItemsOf(modelFile);
    return { expected: scale, read: () => generate({ items: scale }) };
  }
  const expected = await progress.step(`Check ${file}`, async (step) => {
    const items = await validateItemsFile(file, keys, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error instanceof UsageError ? error : new UsageError(`${file} cannot be read`, undefined, { cause: error });
    });
    step.title(`Checked ${file}: ${count(items)} items`);
    return items;
  });
  return { expected, read: () => readItemsFile(file) };
}
