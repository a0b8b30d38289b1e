import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

/** In the order in which they are believed. */
const delimiters = [',', ';', '\t', '|'];

/** What separates the fields of a CSV file, by its first line; a comma where nothing does. */
export async function csvDelimiter(file: string): Promise<string> {
  const bytes = createReadStream(file);
  const text = /\.gz$/i.test(file) ? bytes.pipe(createGunzip()) : bytes;
  const failed = new Promise<never>((_, reject) => {
    bytes.once('error', reject);
    text.once('error', reject);
  });
  const lines = createInterface({ input: text, crlfDelay: Infinity });
  const first = async (): Promise<string> => {
    for await (const line of lines) return line;
    return '';
  };
  try {
    const header = (await Promise.race([first(), failed])).replaceAll(/"[^"]*"/g, '');
    return delimiters.find((delimiter) => header.includes(delimiter)) ?? ',';
  } finally {
    lines.close();
    bytes.destroy();
  }
}
