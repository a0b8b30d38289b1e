// Holds dependencies to three rules, for each folder given (default: the checkout's own and infra):
// lockfiles name packages of the npm registry only, each with its digest; licences are on the list below; and the
// registry knows no vulnerability of grade high or critical in what is installed with the package.
// Exit code 1 with every finding on a line of its own.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const registry = 'https://registry.npmjs.org/';

/** SPDX names. What users install is under permissive licences; tools of development may ask to share their own source. */
const permissive = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC-BY-4.0', // of data (caniuse-lite), which asks to be named as its source
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
];
const ofDevelopment = ['CC0-1.0', 'MPL-2.0'];

/** Packages whose package.json names no licence, by what their LICENSE file says. */
const told = { unionfs: 'Unlicense' };

const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

const packagesOf = (lockfile) =>
  Object.entries(JSON.parse(readFileSync(lockfile, 'utf8')).packages).filter(
    ([path, { link }]) => path !== '' && !link
  );

/** Where a lockfile would have a package come from elsewhere, or unchecked. */
export function lockfileProblems(lockfile) {
  return packagesOf(lockfile).flatMap(([path, { resolved, integrity, inBundle }]) => {
    if (inBundle) return []; // part of the archive of the package around it
    // Without `resolved` npm takes the package of this name and version from its registry.
    const elsewhere = resolved !== undefined && !resolved.startsWith(registry);
    const unchecked = !/(^|\s)sha512-/.test(integrity ?? '');
    return [
      ...(elsewhere ? [`${path}: comes from ${resolved}, not from ${registry}`] : []),
      ...(unchecked ? [`${path}: has no SHA-512`] : []),
    ];
  });
}

/** True when a licence expression can be met by licences of a list. */
function isAllowed(expression, list) {
  const bare = expression.replace(/[()]/g, ' ').trim();
  return bare.split(/\s+OR\s+/i).some((choice) => choice.split(/\s+AND\s+/i).every((one) => list.includes(one.trim())));
}

/** Packages of a lockfile under a licence that is not on the list. */
export function licenceProblems(lockfile) {
  return packagesOf(lockfile).flatMap(([path, { license, dev, devOptional, inBundle }]) => {
    const found = license ?? told[nameOf(path)];
    const list = dev || devOptional ? [...permissive, ...ofDevelopment] : permissive;
    if (found === undefined) return inBundle ? [] : [`${path}: names no licence`];
    return isAllowed(found, list) ? [] : [`${path}: licence ${found}`];
  });
}

/** Asks the registry; `undefined` where it does not answer such questions, as some mirrors. */
async function audit(folder) {
  const output = await new Promise((done) => {
    const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024, shell: process.platform === 'win32' };
    execFile('npm', ['audit', '--omit=dev', '--json'], options, (_error, stdout) => done(stdout));
  });
  try {
    const { vulnerabilities } = JSON.parse(output);
    return vulnerabilities && Object.values(vulnerabilities);
  } catch {
    return undefined;
  }
}

async function main(folders) {
  const problems = [];
  for (const folder of folders) {
    const lockfile = join(folder, 'package-lock.json');
    problems.push(...[...lockfileProblems(lockfile), ...licenceProblems(lockfile)].map((one) => `${lockfile}: ${one}`));
    const found = await audit(folder);
    if (found === undefined) console.log(`${folder}: not audited, the registry does not answer for advisories`);
    for (const { name, severity, via } of found ?? []) {
      const reasons = via.map((one) => (typeof one === 'string' ? one : `${one.title} ${one.url}`)).join('; ');
      const line = `${folder}: ${name}: ${severity}: ${reasons}`;
      if (['high', 'critical'].includes(severity)) problems.push(line);
      else console.log(line);
    }
  }
  for (const problem of problems) console.error(problem);
  console.log(`dependencies: ${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const given = process.argv.slice(2);
  const root = resolve(import.meta.dirname, '..');
  await main(
    given.length > 0 ? given : [root, join(root, 'infra')].filter((one) => existsSync(join(one, 'package-lock.json')))
  );
}
