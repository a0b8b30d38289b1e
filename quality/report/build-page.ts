import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

/** The build writes the page here; a report fills in its data. */
export const builtPage = join(import.meta.dirname, 'page.html');

/** Licences that the page must carry with the code of the charting library. */
async function notices(): Promise<string> {
  const requireOf = createRequire(import.meta.url);
  const echarts = dirname(requireOf.resolve('echarts/package.json'));
  const { version } = JSON.parse(await readFile(join(echarts, 'package.json'), 'utf8')) as { version: string };
  const zrender = dirname(createRequire(join(echarts, 'package.json')).resolve('zrender/package.json'));
  const text = [
    `Apache ECharts ${version}, licensed under Apache-2.0, https://www.apache.org/licenses/LICENSE-2.0`,
    (await readFile(join(echarts, 'NOTICE'), 'utf8')).trim(),
    `zrender: ${(await readFile(join(zrender, 'LICENSE'), 'utf8')).trim()}`,
  ].join('\n\n');
  return `/*!\n${text.replaceAll('*/', '* /')}\n*/`;
}

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * Bundles script and style of `page/` into one HTML page without data. Needs the devDependencies.
 * @param folder - `quality/report/page` of the sources.
 */
export async function buildPage(folder: string): Promise<string> {
  const options = { bundle: true, minify: true, write: false, legalComments: 'none', logLevel: 'silent' } as const;
  const bundle = async (entry: string, banner = ''): Promise<string> => {
    const { outputFiles } = await build({
      ...options,
      entryPoints: [join(folder, entry)],
      format: 'iife',
      target: 'es2022',
      tsconfig: join(folder, 'tsconfig.json'),
      define: { 'process.env.NODE_ENV': '"production"' },
    });
    return `${banner}${outputFiles[0]!.text.trim()}`;
  };
  const script = await bundle('main.ts', await notices());
  const style = await bundle('page.css');
  if (/<\/(script|style)|<!--/i.test(script + style)) throw new Error('the page’s script would end its own element');
  // The charting library positions its SVG by style attributes.
  const policy = [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src-elem ${hash(style)}`,
    "style-src-attr 'unsafe-inline'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const parts: Readonly<Record<string, string>> = {
    policy: `<meta http-equiv="Content-Security-Policy" content="${policy}" />`,
    style: `<style>${style}</style>`,
    script: `<script>${script}</script>`,
  };
  const page = await readFile(join(folder, 'page.html'), 'utf8');
  return page.replace(/<!-- (policy|style|script) -->/g, (_, name: string) => parts[name]!);
}

/** The last step of `npm run build`: writes {@link builtPage}. */
export async function writePage(folder: string): Promise<void> {
  await writeFile(builtPage, await buildPage(folder));
}
