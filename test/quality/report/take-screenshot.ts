import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { reportOfResults } from '../../../quality/report/render-report.js';
import { chromiumPath, startBrowser } from './browser.js';
import { hasSampleData, sampleResults } from './sample-results.js';

// Makes the picture of the README: npx tsx test/quality/report/take-screenshot.ts docs/images/dq-report.png [dark]
const [file, scheme] = process.argv.slice(2);
if (file === undefined) throw new Error('name the PNG file to write');
if (!hasSampleData) throw new Error('../shared/data is needed: its tables are evaluated');
if (chromiumPath === undefined) throw new Error('Chromium is needed: set CHROMIUM_PATH');

const folder = await mkdtemp(join(tmpdir(), 'sluice-screenshot-'));
const browser = await startBrowser();
try {
  const page = join(folder, 'report.html');
  await writeFile(page, await reportOfResults(await sampleResults(), new Date(Date.UTC(2019, 0, 31))));
  const tab = await browser.newPage({
    viewport: { width: 1280, height: 1465 },
    colorScheme: scheme === 'dark' ? 'dark' : 'light',
  });
  await tab.goto(pathToFileURL(page).href);
  await tab.waitForSelector('#score-chart svg');
  await tab.screenshot({ path: resolve(file), fullPage: process.argv.includes('full') });
} finally {
  await browser.close();
  await rm(folder, { recursive: true });
}
